"""Eight bits: kernels as whole numbers from -127 to 127 with one scale a row; no pickle.

``<name>.levels``
    int8, in the shape of the kernel: weight over the scale of its row, rounded.
``<name>.scale``
    float32, one an output: the largest size in its row over 127; 1 where a row is all zero.

Everything else is there under its own name, as in a dense file. What comes back is off by half
a scale at most. Zero stays zero. This is of the file alone: a network that also *computes* in
eight bits is made by the export to ONNX.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from leanlung.foundations.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch import Tensor

_LEVELS, _SCALE = ".levels", ".scale"
_MOST = 127


def pack_int8(state: Mapping[str, Tensor], names: Iterable[str]) -> bytes:
    """Write a state with some of its kernels in eight bits.

    Args:
        state: Parameters and buffers by name, on the CPU.
        names: Kernels, of two axes or more.

    Returns:
        A file of safetensors.
    """
    found = dict(state)
    for name in names:
        weights = found.pop(name).float()
        scale = weights.flatten(1).abs().amax(dim=1) / _MOST
        scale = torch.where(scale > 0, scale, torch.ones_like(scale))
        levels = (weights / _along(scale, weights)).round().clamp(-_MOST, _MOST)
        found[f"{name}{_LEVELS}"] = levels.to(torch.int8).contiguous()
        found[f"{name}{_SCALE}"] = scale
    return save(found, metadata={"leanlung_int8": "1"})


def unpack_int8(data: bytes) -> dict[str, Tensor]:
    """Read what `pack_int8` wrote, in float32.

    Raises:
        NetworkError: If it is damaged, or something else.
    """
    try:
        found = load(data)
        for name in [one for one in found if one.endswith(_LEVELS)]:
            plain = name.removesuffix(_LEVELS)
            levels, scale = found.pop(name).float(), found.pop(f"{plain}{_SCALE}")
            found[plain] = levels * _along(scale, levels)
    except (SafetensorError, KeyError, RuntimeError) as error:
        msg = f"not a file of kernels in eight bits ({error!r}); was it written by pack_int8?"
        raise NetworkError(msg) from error
    return found


def _along(scale: Tensor, weights: Tensor) -> Tensor:
    return scale.reshape(-1, *[1] * (weights.ndim - 1))
