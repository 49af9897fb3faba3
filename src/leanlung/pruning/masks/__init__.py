"""Masks: single weights held at zero, through training, on disk, and out of the network.

`magnitude` says what weights are worth, `keep_largest` which are kept; `Hold` keeps it so while
the network trains, `Ramp` tightens the mask meanwhile. `store_masked` writes what is kept, and
`empty_units` finds what can leave the network altogether. A mask alone makes nothing faster.
"""

from leanlung.pruning.masks.emptying import EmptyUnits, empty_units
from leanlung.pruning.masks.holding import Hold, Ramp, mask_of_zeros
from leanlung.pruning.masks.keeping import keep_largest, keep_pattern
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

__all__ = [
    "EmptyUnits",
    "Hold",
    "MaskedSize",
    "Ramp",
    "WeightMask",
    "carry_mask",
    "empty_units",
    "impose",
    "keep_largest",
    "keep_pattern",
    "kernels",
    "mask_of_zeros",
    "masked_size_of",
    "read_masked",
    "require_held",
    "restore_masked",
    "store_masked",
]
