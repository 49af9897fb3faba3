"""Score units by their activations: one streaming pass serves all layers and criteria."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import torch
from torch import Tensor, fx, nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning.graph.fitting import require_fit
from leanlung.pruning.scores.evaluating import evaluating
from leanlung.pruning.scores.kinds import require_kind
from leanlung.pruning.scores.readers import worth_to_readers
from leanlung.pruning.scores.running import Running
from leanlung.pruning.scores.unit_scores import UnitScores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from leanlung.pruning.graph import ChannelGraph


class Tally(Protocol):
    """What is counted at one place where units fire; its size does not grow with images."""

    def add(self, activation: Tensor) -> None:
        """Count a batch, (N, C, ...), on any device, in any memory format."""

    def value(self) -> Tensor:
        """Give the score of every channel, (C,), float64 on the CPU."""


@runtime_checkable
class ActivationScore(Protocol):
    """A criterion that is read off activations."""

    @property
    def name(self) -> str:
        """Name of the criterion."""

    @property
    def highest(self) -> float:
        """Highest score there can be: 1 for a share, infinity where there is no bound."""

    def tally(self) -> Tally:
        """Start counting at one place."""


def score_activations(
    network: nn.Module,
    graph: ChannelGraph,
    batches: Iterable[Tensor],
    criteria: Sequence[ActivationScore],
) -> dict[str, UnitScores]:
    """Score every unit by several criteria in one pass over the images.

    A unit that fires at several places (a channel of a DenseNet is rectified anew by every
    layer that reads it) gets the mean of its scores there: a sum would rank it by how often it
    is read. A unit that never passes an activation, such as those of linear bottlenecks, is
    worth what its readers make of it: see `worth_to_readers`. A unit that several layers write
    (a residual sum) fires where the sum does. Scores are not made comparable between layers.

    Args:
        network: Not changed; it is run in evaluation mode without gradients.
        graph: Of this network.
        batches: Standardised as in training, (N, C, H, W).
        criteria: What to score by.

    Returns:
        Scores by criterion name, for every layer of the graph.

    Raises:
        SurgeryError: If there is no image or the network does not run on one, no unit passes an
            activation, an activation or a score is not finite, a criterion is of another kind,
            or the graph is another network's.
    """
    require_kind(criteria, ActivationScore, "activations")
    require_fit(network, graph)
    tallies = {site: [one.tally() for one in criteria] for site in graph.sites}

    def see(name: str, activation: Tensor) -> None:
        if name in tallies:
            activation = activation.movedim(graph.sites[name].axis, 1)  # a view
            _require_finite(graph, name, activation)
            for tally in tallies[name]:
                tally.add(activation)

    watching = _Watching(network, graph, see)
    images = 0
    with evaluating(network), torch.no_grad():
        for number, batch in enumerate(batches, start=1):
            watching.over(batch, number)
            images += len(batch)
    if not images:
        msg = "no images to score units on; give at least one batch"
        raise SurgeryError(msg)
    results = {}
    for place, criterion in enumerate(criteria):
        found = {site: there[place].value() for site, there in tallies.items()}
        seen = _mean_over_sites(graph, criterion.name, found)
        if seen[[unit for layer in graph.layers for unit in layer.units]].isnan().all():
            msg = (
                f"no unit of {type(network).__name__} that can be removed passes an "
                f"activation, so {criterion.name!r} says nothing; take 'taylor' or 'l2'"
            )
            raise SurgeryError(msg)
        values = worth_to_readers(network, graph, seen, criterion.highest)
        results[criterion.name] = UnitScores.of_units(criterion.name, graph, values)
    return results


def _mean_over_sites(graph: ChannelGraph, name: str, found: Mapping[str, Tensor]) -> Tensor:
    """Give every unit the mean of its scores, (units,), NaN for those never seen to fire."""
    total = torch.zeros(graph.units, dtype=torch.float64)
    times = torch.zeros(graph.units, dtype=torch.float64)
    for site, there in graph.sites.items():
        if not torch.isfinite(found[site]).all():  # NaN would pass for "never seen"
            channel = int((~torch.isfinite(found[site])).nonzero()[0])
            msg = (
                f"layer {_layer_at(graph, site, channel)!r} has the {name} score "
                f"{found[site][channel].item()} (at {site!r}, channel {channel}); "
                "scores must be finite"
            )
            raise SurgeryError(msg)
        index = torch.from_numpy(there.units)
        total.index_add_(0, index, found[site])
        times.index_add_(0, index, torch.ones(len(index), dtype=torch.float64))
    return total / times


def _require_finite(graph: ChannelGraph, site: str, activation: Tensor) -> None:
    # A sum is one fast look at everything; only if it is odd is every value looked at.
    total = activation.sum(dtype=torch.promote_types(activation.dtype, torch.float32))
    if torch.isfinite(total) or torch.isfinite(activation).all():
        return
    image, channel = (~torch.isfinite(activation)).nonzero()[0, :2].tolist()
    values = activation[image, channel].flatten()
    msg = (
        f"layer {_layer_at(graph, site, channel)!r} fires with "
        f"{values[~torch.isfinite(values)][0].item()} (at {site!r}, channel {channel}, image "
        f"{image} of its batch); activations must be finite: has the network a weight, or the "
        "image a pixel, that is not?"
    )
    raise SurgeryError(msg)


def _layer_at(graph: ChannelGraph, site: str, channel: int) -> str:
    unit = graph.sites[site].units[channel]
    return next((layer.name for layer in graph.layers if unit in layer.units), site)


class _Watching(Running):
    """Runs the program and shows every result as soon as it is there."""

    def __init__(
        self, network: nn.Module, graph: ChannelGraph, see: Callable[[str, Tensor], None]
    ) -> None:
        super().__init__(network, graph)
        self._see = see

    def run_node(self, n: fx.Node) -> Any:  # noqa: ANN401 - torch's signature
        result = super().run_node(n)
        self._see(n.name, result)
        return result
