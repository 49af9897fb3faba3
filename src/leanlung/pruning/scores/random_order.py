"""Random order: a ranking that knows nothing, for every other one to be compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from leanlung.foundations.seeds import Seeds

if TYPE_CHECKING:
    from torch import Tensor, nn

    from leanlung.pruning.graph import ChannelGraph


@dataclass(frozen=True)
class RandomOrder:
    """A number drawn for each unit.

    Uniform in [0, 1), drawn from the seed, the layer's name and the unit's original place in
    it. A unit so keeps its number while others leave: rounds continue one order, and another
    network, criterion or step changes nothing.

    Source: Mittal et al. 2018 (Recovering from random pruning), who find it hard to beat.
    """

    seed: int = 0
    name: str = "random"
    highest: float = 1.0

    def of_units(self, _network: nn.Module, graph: ChannelGraph) -> Tensor:
        """Draw a number for every unit of the graph's layers, (graph.units,)."""
        values = torch.full((graph.units,), torch.nan, dtype=torch.float64)
        for layer in graph.layers:
            drawn = Seeds(self.seed).generator("random", layer.name).random(layer.original)
            values[torch.from_numpy(layer.units)] = torch.from_numpy(drawn[list(layer.kept)])
        return values
