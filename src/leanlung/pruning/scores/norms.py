"""Norms: how large the filters are that write a unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from leanlung.pruning.scores.writers import mean_over_filters

if TYPE_CHECKING:
    from torch import Tensor, nn

    from leanlung.pruning.graph import ChannelGraph


@dataclass(frozen=True)
class L1:
    """Sum of the sizes of a filter's weights.

    ``sum |w|`` over the weights ``w`` of one filter, biases not counted; in [0, inf). It grows
    with the number of inputs: over a whole network, layers with few inputs lose more units.

    Where several filters write a unit, their mean: see `score_filters`.

    Source: Li et al. 2017 (Pruning filters for efficient ConvNets), section 3.1. Differs: they
        prune layers one after the other, with a share for each, and the units of a residual sum
        as its shortcut says; here all that write a unit count alike.
    """

    name: str = "l1"
    highest: float = torch.inf

    def of_units(self, network: nn.Module, graph: ChannelGraph) -> Tensor:
        """Score every unit, (graph.units,)."""
        return mean_over_filters(network, graph, lambda filters: _norms(filters, 1))


@dataclass(frozen=True)
class L2:
    """Euclidean norm of a filter.

    ``sqrt(sum w^2)`` over the weights ``w`` of one filter, biases not counted; in [0, inf). It
    grows with the root of the number of inputs, and so compares layers more evenly than `L1`.

    Where several filters write a unit, ``sqrt(mean sum w^2)`` over them, which ranks as the
    norm of all of them together.

    Source: He et al. 2018 (Soft filter pruning). Differs: they prune the convolutions of a
        residual block that no sum ties; here tied units are scored too.
    """

    name: str = "l2"
    highest: float = torch.inf

    def of_units(self, network: nn.Module, graph: ChannelGraph) -> Tensor:
        """Score every unit, (graph.units,)."""
        squares = mean_over_filters(network, graph, lambda filters: _norms(filters, 2).square())
        return squares.sqrt()


def _norms(filters: Tensor, power: int) -> Tensor:
    """Give the norm of every filter, (outputs, inputs, ...) to (outputs,), float64."""
    norms: Tensor = torch.linalg.vector_norm(filters.cpu().double().flatten(1), power, dim=1)
    return norms
