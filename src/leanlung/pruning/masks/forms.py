"""Forms: the bytes that one network takes on disk, in every form it could be written in.

Each form is written, in memory, and its length taken; nothing is derived from a formula.
"""

from __future__ import annotations

import gzip
from contextlib import suppress
from copy import deepcopy
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load, save

from leanlung.foundations.errors import SurgeryError
from leanlung.networks.size import unshared_state
from leanlung.pruning.masks.eight_bits import pack_int8
from leanlung.pruning.masks.holding import mask_of_zeros
from leanlung.pruning.masks.sparse import pack_sparse
from leanlung.pruning.masks.storing import packed
from leanlung.pruning.masks.weight_mask import impose, kernels, masked_parameters
from leanlung.pruning.masks.wrapping import wrapped_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

    from leanlung.pruning.masks.weight_mask import WeightMask

GZIP_LEVEL = 6


@dataclass(frozen=True)
class StorageForm:
    """One form of a network on disk.

    Attributes:
        name: Of the form.
        bytes: Of the whole file: numbers, names, shapes.
        numbers: Bytes of the numbers alone, as counts of parameters have them: without names
            and shapes, and without BatchNorm's step counters. None for what is packed by gzip.
        share: Of the bytes of the dense file; above 1 it is larger.
        lossless: Whether the weights come back bit for bit (a zero may lose its sign).
        note: What to know; may be empty.
    """

    name: str
    bytes: int
    numbers: int | None
    share: float
    lossless: bool
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Zeros:
    """How many weights of the kernels are zero; a mask changes this and no file's length.

    Attributes:
        weights: Of all kernels of convolutions and linear layers, depthwise ones left out.
        nonzero: Of these, those that are not exactly zero.
    """

    weights: int
    nonzero: int

    @property
    def share(self) -> float:
        """Share of them that is zero."""
        return 1.0 - self.nonzero / self.weights if self.weights else 0.0

    def sentence(self) -> str:
        """Say what zeros are not."""
        return (
            f"{self.nonzero:,} of {self.weights:,} kernel weights are not zero. A mask is not "
            "compression: the dense file is as long with zeros as without, and a dense kernel "
            "multiplies by them as by any number. Only a form that leaves zeros out is smaller."
        )


def zeros_of(network: nn.Module, mask: WeightMask | None = None) -> Zeros:
    """Count the kernels' weights and those that are not zero.

    Args:
        network: Not changed.
        mask: Counted as if it were in force, if given.

    Raises:
        SurgeryError: If the mask is another network's.
    """
    kept = {} if mask is None else masked_parameters(network, mask)
    parameters = dict(network.named_parameters())
    weights = {name: parameters[name].detach() for name in kernels(network)}
    held = {
        name: weight if name not in kept else weight * kept[name][1].to(weight.device)
        for name, weight in weights.items()
    }
    return Zeros(
        sum(weight.numel() for weight in weights.values()),
        sum(int(torch.count_nonzero(weight)) for weight in held.values()),
    )


def storage_forms(
    network: nn.Module,
    mask: WeightMask | None = None,
    *,
    whole: nn.Module | None = None,
    gzipped: bool = True,
) -> tuple[StorageForm, ...]:
    """Write a network in every form, and tell how long each file is.

    Args:
        network: Not changed.
        mask: Of this network, in force or not; if not, the masked forms are those it would
            have. Without one, the mask is read off the zeros.
        whole: The same network before units left, if any did; its dense file then comes
            first, and is what shares are of.
        gzipped: Whether to pack with gzip too, at level 6: seconds for every 16 MB.

    Returns:
        The forms, the published "before" (a training checkpoint in its wrapper) among them;
        that one is missing where the network cannot be traced.

    Raises:
        SurgeryError: If the mask is another network's.
    """
    found: list[StorageForm] = []
    dense = len(save(_state(network if whole is None else whole)))
    for name, file, counted, lossless, note in _files(network, mask, whole, gzipped=gzipped):
        numbers = _numbers(file, network if name != WHOLE else whole) if counted else None
        found.append(StorageForm(name, len(file), numbers, len(file) / dense, lossless, note))
    return tuple(found)


WHOLE, WRAPPED, DENSE, MASKED = "dense, whole", "wrapped checkpoint", "dense", "dense, masked"
CSR, SHORT_CSR, COO, BITS = "CSR, int32", "CSR, int16", "COO", "bits and values"
PACKED, PACKED_MASKED = "gzip of dense", "gzip of masked"
PACKED_BITS = "gzip of bits and values"
INT8 = "int8"
"""Names of the forms."""

_File = tuple[str, bytes, bool, bool, str]


def _files(
    network: nn.Module, mask: WeightMask | None, whole: nn.Module | None, *, gzipped: bool
) -> Iterator[_File]:
    """Write one form after the other: name, file, whether its numbers count, lossless, note."""
    names = kernels(network)
    mask = mask or mask_of_zeros(network)
    masked = deepcopy(network)
    impose(masked, mask)
    free, held = _state(network), _state(masked)
    changed = any(not torch.equal(free[name], held[name]) for name in names)
    zeros = zeros_of(masked)
    if whole is not None:
        yield WHOLE, save(_state(whole)), True, True, "before units left"
    with suppress(SurgeryError):  # layers of what cannot be traced cannot be counted
        note = "no form to hand on: masks in float32, thresholds, steps; published as 'before'"
        yield WRAPPED, save(wrapped_state(masked, mask)), True, True, note
    dense = save(free)
    note = "" if whole is None else "units left: smaller in any runtime"
    yield DENSE, dense, True, True, note
    if zeros.share > 0:
        yield MASKED, save(held), True, True, "as long as without the mask"
    yield CSR, pack_sparse(held, names), True, True, ""
    note = "int16 where a row has at most 32,768 columns"
    yield SHORT_CSR, pack_sparse(held, names, columns=torch.int16), True, True, note
    yield COO, pack_sparse(held, names, "coo"), True, True, ""
    bits = packed(masked, mask)
    yield BITS, bits, True, True, "what a bundle of a masked network holds"
    if gzipped and (changed or zeros.share == 0):
        yield PACKED, _gzip(dense), False, True, ""
    if gzipped and zeros.share > 0:
        yield PACKED_MASKED, _gzip(save(held)), False, True, ""
        yield PACKED_BITS, _gzip(bits), False, True, ""
    note = "kernels rounded to eight bits a weight, one scale a row"
    yield INT8, pack_int8(held, names), True, False, note


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, GZIP_LEVEL, mtime=0)


def _numbers(file: bytes, network: nn.Module | None) -> int:
    counters = 0 if network is None else sum(b.nbytes for b in network.buffers() if not b.ndim)
    return sum(tensor.nbytes for tensor in load(file).values()) - counters


def _state(network: nn.Module) -> dict[str, Tensor]:
    return {name: t.cpu().contiguous() for name, t in unshared_state(network).items()}
