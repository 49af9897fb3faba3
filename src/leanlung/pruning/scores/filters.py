"""Score units by what writes them: their filters and BatchNorm scales; no image is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import torch

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning.graph.fitting import require_fit
from leanlung.pruning.scores.kinds import require_kind
from leanlung.pruning.scores.readers import worth_to_readers
from leanlung.pruning.scores.unit_scores import UnitScores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn

    from leanlung.pruning.graph import ChannelGraph


@runtime_checkable
class FilterScore(Protocol):
    """A criterion that needs no images."""

    @property
    def name(self) -> str:
        """Name of the criterion."""

    @property
    def highest(self) -> float:
        """Highest score there can be: 1 for a share, infinity where there is no bound."""

    def of_units(self, network: nn.Module, graph: ChannelGraph) -> Tensor:
        """Score every unit, (graph.units,), float64 on the CPU, NaN for those it cannot."""


def score_filters(
    network: nn.Module, graph: ChannelGraph, criteria: Sequence[FilterScore]
) -> dict[str, UnitScores]:
    """Score every unit by several criteria that read the network alone.

    Where several filters write a unit (the layers of a residual sum, the groups of a
    convolution), the unit gets their mean: a sum would rank it by how often it is written, and
    spare residual streams for their depth. Within a layer all units have the same writers, and
    mean and sum rank alike. Depthwise convolutions and BatchNorms hand units on and write none.
    A unit that a criterion cannot score is worth what its readers make of it: see
    `worth_to_readers`. Scores are not made comparable between layers.

    Args:
        network: Not changed, and not run.
        graph: Of this network.
        criteria: What to score by.

    Returns:
        Scores by criterion name, for every layer of the graph.

    Raises:
        SurgeryError: If a weight or a score is not finite, a criterion is of another kind, or
            the graph is another network's.
    """
    require_kind(criteria, FilterScore, "filters")
    require_fit(network, graph)
    _require_finite(network, graph)
    results = {}
    for criterion in criteria:
        seen = criterion.of_units(network, graph)
        values = worth_to_readers(network, graph, seen, criterion.highest)
        results[criterion.name] = UnitScores.of_units(criterion.name, graph, values)
    return results


def _require_finite(network: nn.Module, graph: ChannelGraph) -> None:
    for layer in graph.channels:
        for name, parameter in network.get_submodule(layer).named_parameters(recurse=False):
            if not torch.isfinite(parameter).all():
                value = parameter[~torch.isfinite(parameter)][0].item()
                msg = (
                    f"layer {layer!r} holds {value} in its {name}; weights must be finite to "
                    "score units by them"
                )
                raise SurgeryError(msg)
