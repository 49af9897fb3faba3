"""Own: a criterion made of a function of yours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning.scores.rows import sum_over_images
from leanlung.pruning.scores.writers import mean_over_filters

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from leanlung.pruning.graph import ChannelGraph


@dataclass(frozen=True)
class OwnActivation:
    """Mean over images of your number for each image and channel.

    Attributes:
        name: Of the criterion.
        function: From an activation, (N, C, ...), to numbers, (N, C), higher is worth more. It
            must not let images mix, or batches would matter.
        highest: Score there can be.

    Examples:
        >>> OwnActivation("peak", lambda activation: activation.flatten(2).amax(dim=2)).name
        'peak'
    """

    name: str
    function: Callable[[Tensor], Tensor]
    highest: float = torch.inf

    def tally(self) -> OwnTally:
        """Start counting at one place."""
        return OwnTally(self)


@dataclass
class OwnTally:
    """Adds up the numbers of a function, image by image."""

    criterion: OwnActivation
    total: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64))
    images: int = 0

    def add(self, activation: Tensor) -> None:
        """Count a batch, (N, C, ...)."""
        found = self.criterion.function(activation)
        _require_shape(self.criterion.name, found, tuple(activation.shape[:2]))
        self.total = self.total + sum_over_images(found)
        self.images += len(activation)

    def value(self) -> Tensor:
        """Give the mean over images, (C,)."""
        return self.total / self.images


@dataclass(frozen=True)
class OwnFilter:
    """Your number for each filter; the mean where several write a unit.

    Attributes:
        name: Of the criterion.
        function: From the weight of a layer, (outputs, inputs, ...), to numbers, (outputs,),
            higher is worth more.
        highest: Score there can be.

    Examples:
        >>> OwnFilter("largest", lambda weight: weight.flatten(1).abs().amax(dim=1)).name
        'largest'
    """

    name: str
    function: Callable[[Tensor], Tensor]
    highest: float = torch.inf

    def of_units(self, network: nn.Module, graph: ChannelGraph) -> Tensor:
        """Score every unit, (graph.units,)."""

        def measure(weight: Tensor) -> Tensor:
            found = self.function(weight)
            _require_shape(self.name, found, (len(weight),))
            if not torch.isfinite(found).all():  # NaN would pass for "not written"
                place = int((~torch.isfinite(found)).nonzero()[0])
                msg = (
                    f"criterion {self.name!r} gives {found[place].item()} for filter {place} "
                    f"of a layer of shape {tuple(weight.shape)}; scores must be finite"
                )
                raise SurgeryError(msg)
            return found

        return mean_over_filters(network, graph, measure)


def _require_shape(name: str, found: Tensor, shape: tuple[int, ...]) -> None:
    if tuple(found.shape) != shape:
        msg = (
            f"criterion {name!r} gives numbers of the shape {tuple(found.shape)}; "
            f"{shape} was expected"
        )
        raise SurgeryError(msg)
