"""Mean activation: how strongly a unit fires on average."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from leanlung.pruning.scores.rows import rows_of, sum_over_images

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class MeanActivation:
    """Mean size of a unit's activation over images and places.

    ``mean |a|`` over all values ``a`` of one channel; in [0, inf), 0 for a unit that is always
    zero. It has the scale of its layer's activations: over a whole network, a layer with large
    activations loses fewer units.

    Source: Molchanov et al. 2017 (Pruning convolutional neural networks for resource efficient
        inference), the criterion they call activation. Differs: they take ``mean a``, which is
        the same behind a ReLU; where an activation can be negative (SiLU, GELU, leaky ReLU),
        what cancels is not worthless.
    """

    name: str = "mean_activation"
    highest: float = torch.inf

    def tally(self) -> SizeTally:
        """Start counting at one place."""
        return SizeTally()


@dataclass
class SizeTally:
    """Adds up the size of each channel's values.

    Rows are added in single precision and rows of images in double, so that batches change no
    more than the last bits.
    """

    total: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64))
    places: int = 0

    def add(self, activation: Tensor) -> None:
        """Count a batch, (N, C, ...)."""
        rows = rows_of(activation)
        if rows.amin() < 0:  # taking sizes copies everything; behind a ReLU there is no need
            rows = rows.abs()
        self.total = self.total + sum_over_images(rows.sum(dim=2))
        self.places += rows.shape[0] * rows.shape[2]

    def value(self) -> Tensor:
        """Give the mean size, (C,)."""
        return self.total / self.places
