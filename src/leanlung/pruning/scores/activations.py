"""Score units by their activations: one streaming pass serves all layers and criteria."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor, fx, nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning.scores.readers import worth_to_readers
from leanlung.pruning.scores.unit_scores import UnitScores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from leanlung.pruning.graph import ChannelGraph


class Tally(Protocol):
    """What is counted at one place where units fire; its size does not grow with images."""

    def add(self, activation: Tensor) -> None:
        """Count a batch, (N, C, ...), on any device."""

    def value(self) -> Tensor:
        """Give the score of every channel, (C,), float64 on the CPU."""


class ActivationScore(Protocol):
    """A criterion that is read off activations."""

    @property
    def name(self) -> str:
        """Name of the criterion."""

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
    layer that reads it) gets the mean of its scores there. A unit that never passes an
    activation, such as those of linear bottlenecks, is worth what its readers make of it: see
    `worth_to_readers`.

    Args:
        network: Not changed; it is run in evaluation mode without gradients.
        graph: Of this network.
        batches: Standardised as in training, (N, C, H, W).
        criteria: What to score by.

    Returns:
        Scores by criterion name, for every layer of the graph.

    Raises:
        SurgeryError: If there is no image, or a score is not finite.
    """
    tallies = {site: [one.tally() for one in criteria] for site in graph.sites}
    counted = _run(network, graph.program, batches, tallies)
    if not counted:
        msg = "no images to score units on; give at least one batch"
        raise SurgeryError(msg)
    results = {}
    for place, criterion in enumerate(criteria):
        by_unit = worth_to_readers(network, graph, _mean_over_sites(graph, tallies, place))
        by_layer = {
            layer.name: by_unit[torch.from_numpy(layer.units)] for layer in graph.layers
        }
        results[criterion.name] = UnitScores(criterion.name, by_layer)
    return results


def _mean_over_sites(
    graph: ChannelGraph, tallies: Mapping[str, Sequence[Tally]], place: int
) -> Tensor:
    """Give every unit the mean of its scores, (units,), NaN for those never seen to fire."""
    total = torch.zeros(graph.units, dtype=torch.float64)
    times = torch.zeros(graph.units, dtype=torch.float64)
    for site, units in graph.sites.items():
        index = torch.from_numpy(units)
        total.index_add_(0, index, tallies[site][place].value())
        times.index_add_(0, index, torch.ones(len(index), dtype=torch.float64))
    return total / times


def _run(
    network: nn.Module,
    program: fx.Graph,
    batches: Iterable[Tensor],
    tallies: Mapping[str, Sequence[Tally]],
) -> int:
    def see(name: str, activation: Tensor) -> None:
        for tally in tallies.get(name, ()):
            tally.add(activation)

    watching = _Watching(network, program, see)
    was_training = network.training
    images = 0
    try:
        network.eval()
        with torch.no_grad():
            for batch in batches:
                watching.run(batch)
                images += len(batch)
    finally:
        network.train(was_training)
    return images


class _Watching(fx.Interpreter):
    """Runs the program and shows every result as soon as it is there."""

    def __init__(
        self, network: nn.Module, program: fx.Graph, see: Callable[[str, Tensor], None]
    ) -> None:
        super().__init__(network, graph=program)
        self._see = see

    def run_node(self, n: fx.Node) -> Any:  # noqa: ANN401 - torch's signature
        result = super().run_node(n)
        self._see(n.name, result)
        return result
