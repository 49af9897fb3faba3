"""Storing: a masked network as bits and the weights that are kept; no pickle.

The file is safetensors. For a masked parameter of n weights of which k are kept there are

``<name>.kept``
    ceil(n / 8) bytes, one bit a weight in the order of the parameter's own axes, the first
    weight in the highest bit, as `numpy.packbits` writes it.
``<name>.values``
    The k kept weights in the same order, in the parameter's precision.

Everything else is there under its own name. The metadata holds the format's number and the
masked parameters' shapes as JSON: ``{"leanlung_masked": "1", "shapes": "{...}"}``. At half
zeros and 32 bits that is 0.53 of the dense file.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from leanlung.foundations.errors import NetworkError
from leanlung.foundations.files import write_bytes
from leanlung.networks.build import build
from leanlung.networks.size import unshared_state
from leanlung.pruning.masks.ordered import save_ordered
from leanlung.pruning.masks.weight_mask import WeightMask, require_held

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor, nn

    from leanlung.networks.classifier import Classifier
    from leanlung.networks.spec import NetworkSpec

_FORMAT = "1"
_KEPT, _VALUES = ".kept", ".values"


@dataclass(frozen=True)
class MaskedSize:
    """How large a masked network is; three figures that are easily taken for each other.

    Attributes:
        stored: Parameters of the network, zeros included: what a mask never changes.
        nonzero: Of these, those that are not exactly zero.
        dense_bytes: Of the whole state as safetensors, zeros written out.
        masked_bytes: Of the file `store_masked` writes.
    """

    stored: int
    nonzero: int
    dense_bytes: int
    masked_bytes: int

    def as_dict(self) -> dict[str, int]:
        """Give a value that JSON can hold."""
        return asdict(self)


def masked_size_of(network: nn.Module, mask: WeightMask) -> MaskedSize:
    """Measure a masked network.

    Args:
        network: Not changed.
        mask: In force in it.

    Raises:
        SurgeryError: If it is not.
    """
    parameters = [parameter.detach() for parameter in network.parameters()]
    return MaskedSize(
        stored=sum(parameter.numel() for parameter in parameters),
        nonzero=sum(int(torch.count_nonzero(parameter)) for parameter in parameters),
        dense_bytes=len(save(_state(network))),
        masked_bytes=len(packed(network, mask)),
    )


def store_masked(path: Path, network: nn.Module, mask: WeightMask) -> None:
    """Write parameters and buffers, of masked parameters only what is kept.

    Args:
        path: Written whole or not at all.
        network: With the mask in force.
        mask: Of this network.

    Raises:
        SurgeryError: If a weight the mask does not keep is not zero, or the mask is another
            network's.
    """
    write_bytes(path, packed(network, mask))


def restore_masked(path: Path, spec: NetworkSpec) -> tuple[Classifier, WeightMask]:
    """Build a network as its specification says, and give it its stored weights.

    Args:
        path: What `store_masked` wrote.
        spec: Of that network.

    Returns:
        The network in evaluation mode, bit for bit as it was stored, and its mask.

    Raises:
        NetworkError: If the file is missing or damaged, or holds another network.
    """
    state, mask = read_masked(path)
    network = build(spec)
    own = {name: tuple(tensor.shape) for name, tensor in unshared_state(network).items()}
    found = {name: tuple(tensor.shape) for name, tensor in state.items()}
    if own != found:
        name = next(n for n in {**own, **found} if own.get(n) != found.get(n))
        msg = (
            f"{path}: tensor {name!r} is of shape {found.get(name, 'none')} in the file and "
            f"{own.get(name, 'none')} in the network its specification builds"
        )
        raise NetworkError(msg)
    network.load_state_dict(state, strict=False)  # a shared tensor is stored once
    return network.eval(), mask


def read_masked(path: Path) -> tuple[dict[str, Tensor], WeightMask]:
    """Read parameters and buffers, dense, and the mask, for a network of one's own.

    Args:
        path: What `store_masked` wrote.

    Returns:
        A state for ``load_state_dict``, shared tensors once, and the mask.

    Raises:
        NetworkError: If the file is missing or damaged, or is none of a masked network.
    """
    try:
        with safe_open(path, framework="pt") as file:
            told = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        msg = f"{path}: not a whole safetensors file ({error}); copy it again"
        raise NetworkError(msg) from error
    if told.get("leanlung_masked") != _FORMAT:
        msg = (
            f"{path}: not a masked network of format {_FORMAT}, but of "
            f"{told.get('leanlung_masked', 'none')}; dense ones are read by networks.restore"
        )
        raise NetworkError(msg)
    masks = {}
    for name, shape in json.loads(told["shapes"]).items():
        bits, values = state.pop(f"{name}{_KEPT}", None), state.pop(f"{name}{_VALUES}", None)
        kept = None if bits is None else _unpacked(bits, shape)
        if kept is None or values is None or len(values) != int(kept.sum()):
            msg = f"{path}: what it holds of {name!r} does not fit together; copy it again"
            raise NetworkError(msg)
        dense = torch.zeros(shape, dtype=values.dtype)
        dense[kept] = values
        state[name], masks[name] = dense, kept
    return state, WeightMask(masks)


def packed(network: nn.Module, mask: WeightMask) -> bytes:
    """Give the bytes that `store_masked` writes.

    Raises:
        SurgeryError: As `store_masked`.
    """
    require_held(network, mask)
    state = _state(network)
    shapes = {}
    for name, kept in mask.by_parameter.items():
        weights, kept = state.pop(name), kept.cpu()
        shapes[name] = list(weights.shape)
        state[f"{name}{_KEPT}"] = torch.from_numpy(np.packbits(kept.flatten().numpy()))
        state[f"{name}{_VALUES}"] = weights[kept]
    metadata = {"leanlung_masked": _FORMAT, "shapes": json.dumps(shapes)}
    return save_ordered(state, metadata)


def _unpacked(bits: Tensor, shape: list[int]) -> Tensor | None:
    count = math.prod(shape)
    if bits.numel() != math.ceil(count / 8):
        return None
    kept = np.unpackbits(bits.numpy(), count=count).astype(bool)
    return torch.from_numpy(kept).reshape(shape)


def _state(network: nn.Module) -> dict[str, Tensor]:
    return {name: t.cpu().contiguous() for name, t in unshared_state(network).items()}
