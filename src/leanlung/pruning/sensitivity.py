"""Sensitivity: how much each layer can give, one at a time."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning.removal import Removal
from leanlung.pruning.surgery import remove

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import nn

    from leanlung.pruning.graph import ChannelGraph
    from leanlung.pruning.scores import UnitScores

SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class SensitivityCurve:
    """What a network measures when one layer alone is cut.

    Attributes:
        layer: Which.
        units: How many it has.
        shares: Of its units gone, ascending, from 0 for the whole layer.
        values: The measure at each share; higher is better.
    """

    layer: str
    units: int
    shares: tuple[float, ...]
    values: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return asdict(self)

    def share_within(self, tolerance: float) -> float:
        """Give the largest share before the measure first falls by more than a tolerance."""
        reached = 0.0
        for share, value in zip(self.shares, self.values, strict=True):
            if value < self.values[0] - tolerance:
                break
            reached = share
        return reached


def sensitivity(
    network: nn.Module,
    graph: ChannelGraph,
    scores: UnitScores,
    measure: Callable[[nn.Module], float],
    shares: Sequence[float] = SHARES,
) -> Iterator[SensitivityCurve]:
    """Cut each layer alone, by more and more, and measure; nothing is trained in between.

    Args:
        network: Not changed.
        graph: Of this network.
        scores: What its units are worth; the lowest go first, equal ones by place.
        measure: Higher is better; on validation images, never on the test part.
        shares: Of a layer's units to take, each in (0, 1), ascending; at least one unit of the
            layer stays, and a share that takes none is measured as the whole network.

    Yields:
        One curve a layer, in running order.

    Raises:
        SurgeryError: If the shares are not ascending shares, or scores of a layer are missing.

    Source: Li et al. 2017 (Pruning Filters for Efficient ConvNets), section 3.2; there each
        layer is pruned by L1 norm. Their text measures on the validation part, their figure 2
        on the test part.
    """
    steps = tuple(shares)
    if not steps or list(steps) != sorted(set(steps)) or not 0.0 < steps[0] <= steps[-1] < 1.0:
        msg = f"shares to take must be ascending and lie between 0 and 1; got {list(steps)}"
        raise SurgeryError(msg)
    for layer in graph.layers:
        if layer.name not in scores.by_layer:
            msg = (
                f"no {scores.criterion!r} scores of layer {layer.name!r}; score this very "
                "network and graph"
            )
            raise SurgeryError(msg)
    whole = measure(network)
    for layer in graph.layers:
        order = torch.argsort(scores.by_layer[layer.name], stable=True).tolist()
        values = [whole]
        for share in steps:
            count = min(math.floor(share * len(layer) + 0.5), len(layer) - 1)
            removal = Removal({layer.name: tuple(sorted(order[:count]))} if count else {})
            values.append(measure(remove(network, graph, removal).network) if count else whole)
        yield SensitivityCurve(layer.name, len(layer), (0.0, *steps), tuple(values))
