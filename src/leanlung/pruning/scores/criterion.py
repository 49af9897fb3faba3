"""Criterion: whatever tells what a unit is worth, and how to score by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.pruning.scores.activations import ActivationScore, score_activations
from leanlung.pruning.scores.filters import FilterScore, score_filters
from leanlung.pruning.scores.gradients import (
    GradientScore,
    cross_entropy_of_each,
    score_gradients,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torch import Tensor, nn

    from leanlung.pruning.graph import ChannelGraph
    from leanlung.pruning.scores.unit_scores import UnitScores

Criterion = ActivationScore | FilterScore | GradientScore
"""Whatever tells what a unit is worth."""


def score_units(
    network: nn.Module,
    graph: ChannelGraph,
    batches: Iterable[tuple[Tensor, Tensor]],
    criterion: Criterion,
    loss: Callable[[Tensor, Tensor], Tensor] = cross_entropy_of_each,
) -> UnitScores:
    """Score every unit by one criterion of any kind.

    Args:
        network: Not changed.
        graph: Of this network.
        batches: Images standardised as in training, (N, C, H, W), with labels, (N,). Labels
            are read by criteria of gradients alone; a criterion of filters reads no batch.
        criterion: What to score by.
        loss: Of every image; see `score_gradients`.

    Returns:
        Scores for every layer of the graph.

    Raises:
        SurgeryError: If there is no image where some are needed, or something is not finite.
    """
    name = criterion.name
    if isinstance(criterion, GradientScore):
        return score_gradients(network, graph, batches, [criterion], loss)[name]
    if isinstance(criterion, FilterScore):
        return score_filters(network, graph, [criterion])[name]
    return score_activations(network, graph, (images for images, _ in batches), [criterion])[
        name
    ]
