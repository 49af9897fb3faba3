"""Geometric median: how far a unit's filter is from the other filters of its layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from leanlung.pruning.scores.writers import filters_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from leanlung.pruning.graph import ChannelGraph, UnitLayer


@dataclass(frozen=True)
class GeometricMedian:
    """Mean distance of a filter to the others of its layer.

    ``mean_j |w - w_j|`` over the other filters ``w_j``, Euclidean; in [0, inf). What lies near
    the geometric median of a layer can be replaced by what is left. It has the scale of the
    layer's weights.

    Where several filters write a unit, they are laid end to end and distances divided by the
    root of their number.

    Source: He et al. 2019 (Filter pruning via geometric median). Differs: they add distances
        up, which ranks alike within a layer; as a mean, wide and narrow layers compare. Both
        filters of a pair of equals get the same number, so both may go.
    """

    name: str = "geometric_median"
    highest: float = torch.inf

    def of_units(self, network: nn.Module, graph: ChannelGraph) -> Tensor:
        """Score every unit, (graph.units,)."""
        values = torch.full((graph.units,), torch.nan, dtype=torch.float64)
        for layer in graph.layers:
            filters, times = _end_to_end(network, graph, layer)
            distances = torch.cdist(filters, filters).fill_diagonal_(0.0)
            others = max(len(layer) - 1, 1)
            values[torch.from_numpy(layer.units)] = distances.sum(1) / others / times**0.5
        return values


def _end_to_end(
    network: nn.Module, graph: ChannelGraph, layer: UnitLayer
) -> tuple[Tensor, int]:
    """Give all that writes each unit of a layer, (units, weights), and how many filters.

    A unit that has fewer filters than its neighbours is filled up with zeros.
    """
    parts = []
    times = 0
    place_of = np.full(graph.units, -1)
    place_of[layer.units] = np.arange(len(layer))
    for writer in layer.writers:
        weight = filters_of(network, writer).cpu().double().flatten(1)
        places = place_of[graph.channels[writer].outputs]
        turns = _turns(places)
        mine = places >= 0
        most = int(turns[mine].max()) + 1
        part = torch.zeros(len(layer), most, weight.shape[1], dtype=torch.float64)
        part[torch.from_numpy(places[mine]), torch.from_numpy(turns[mine])] = weight[
            torch.from_numpy(mine)
        ]
        parts.append(part.flatten(1))
        times += most
    return torch.cat(parts, dim=1), times


def _turns(places: np.ndarray) -> np.ndarray:
    """Say for each entry how often its value stood there before: [4, 7, 4] gives [0, 0, 1]."""
    order = np.argsort(places, kind="stable")
    _, first, counts = np.unique(places[order], return_index=True, return_counts=True)
    turns = np.empty_like(places)
    turns[order] = np.arange(len(places)) - np.repeat(first, counts)
    return turns
