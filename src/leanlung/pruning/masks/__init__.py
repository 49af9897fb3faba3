"""Masks: single weights held at zero, through training, on disk, and out of the network.

`magnitude` says what weights are worth, `keep_largest` which are kept; `Hold` keeps it so while
the network trains, `Ramp` tightens the mask meanwhile. `store_masked` writes what is kept, and
`empty_units` finds what can leave the network altogether. A mask alone makes nothing faster and
nothing smaller: `storage_forms` writes a network in every form and says how long each file is.
"""

from leanlung.pruning.masks.eight_bits import pack_int8, unpack_int8
from leanlung.pruning.masks.emptying import EmptyUnits, empty_units
from leanlung.pruning.masks.forms import StorageForm, Zeros, storage_forms, zeros_of
from leanlung.pruning.masks.holding import Hold, Ramp, mask_of_zeros
from leanlung.pruning.masks.keeping import keep_largest, keep_pattern
from leanlung.pruning.masks.sparse import pack_sparse, unpack_sparse
from leanlung.pruning.masks.storing import (
    MaskedSize,
    masked_size_of,
    read_masked,
    restore_masked,
    store_masked,
)
from leanlung.pruning.masks.weight_mask import (
    WeightMask,
    carry_mask,
    impose,
    kernels,
    require_held,
)
from leanlung.pruning.masks.wrapping import WrappedCounts, wrapped_counts, wrapped_state

__all__ = [
    "EmptyUnits",
    "Hold",
    "MaskedSize",
    "Ramp",
    "StorageForm",
    "WeightMask",
    "WrappedCounts",
    "Zeros",
    "carry_mask",
    "empty_units",
    "impose",
    "keep_largest",
    "keep_pattern",
    "kernels",
    "mask_of_zeros",
    "masked_size_of",
    "pack_int8",
    "pack_sparse",
    "read_masked",
    "require_held",
    "restore_masked",
    "storage_forms",
    "store_masked",
    "unpack_int8",
    "unpack_sparse",
    "wrapped_counts",
    "wrapped_state",
    "zeros_of",
]
