"""Taylor: how much the loss changes, to first order, when a unit is removed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Taylor:
    """Mean square of the change of an image's loss, to first order, if the unit were removed.

    ``mean (sum a * dL/da)^2``: the sum over all places that read the unit, the mean over
    images; in [0, inf). All units of a network are measured in the same loss, so it is on one
    scale over layers.

    Source: Molchanov et al. 2019 (Importance estimation for neural network pruning), the
        first-order criterion with gates. Differs: they square the gradient of a batch, which
        depends on its size; here images are squared one by one. Their gates stand behind
        BatchNorm, ours where a unit is read, so that a unit read by several layers, or written
        by several, has one slope.
    """

    name: str = "taylor"

    def tally_slopes(self) -> SquareTally:
        """Start counting."""
        return SquareTally()


@dataclass
class SquareTally:
    """Adds up squares in double precision."""

    total: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64))
    images: int = 0

    def add(self, slopes: Tensor) -> None:
        """Count a batch, (N, units)."""
        self.total = self.total + slopes.double().square().sum(dim=0)
        self.images += len(slopes)

    def value(self) -> Tensor:
        """Give the mean square, (units,)."""
        return self.total / self.images
