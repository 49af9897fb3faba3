"""Rounds: score, cut, remove, retrain, again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanlung.pruning.surgery import Surgery, remove

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import nn

    from leanlung.pruning.cuts import Cut
    from leanlung.pruning.graph import ChannelGraph
    from leanlung.pruning.removal import Removal
    from leanlung.pruning.scores import UnitScores


@dataclass(frozen=True)
class Round:
    """What one round left.

    Attributes:
        number: From 1.
        network: After retraining.
        graph: Of that network.
        removal: What left in this round.
        scores: What the units were worth before it.
    """

    number: int
    network: nn.Module
    graph: ChannelGraph
    removal: Removal
    scores: UnitScores


def prune(
    network: nn.Module,
    graph: ChannelGraph,
    *,
    rounds: int,
    score: Callable[[nn.Module, ChannelGraph], UnitScores],
    cut: Cut,
    retrain: Callable[[Surgery, int], nn.Module],
    first: int = 1,
) -> Iterator[Round]:
    """Make a network smaller, round by round.

    Args:
        network: Trained; never changed, every round works on a new one.
        graph: Of this network; with its lineage where rounds went before.
        rounds: Number of the last round.
        score: Worth of every unit, read on images the choice of candidates does not see.
        cut: Which units go.
        retrain: Fits the smaller network again and returns it; told the round.
        first: Number of the first round, more than 1 when going on after an interruption.

    Yields:
        One smaller network a round. A round in which nothing leaves is yielded too, with an
        empty removal and the network as it was.
    """
    for number in range(first, rounds + 1):
        scores = score(network, graph)
        removal = cut(scores, number, graph.originals)
        if removal:
            surgery = remove(network, graph, removal)
            network, graph = retrain(surgery, number), surgery.graph
        yield Round(number, network, graph, removal, scores)
