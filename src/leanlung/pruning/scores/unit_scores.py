"""Unit scores: what every unit of a network is worth by one criterion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import torch

from leanlung.foundations.errors import SurgeryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from leanlung.pruning.graph import ChannelGraph


@dataclass(frozen=True)
class UnitScores:
    """Scores of units, by layer.

    Attributes:
        criterion: Which criterion gave them.
        by_layer: Scores of a layer's units in their order there, (units,), on the CPU.

    Raises:
        SurgeryError: If a score is not a finite number.
    """

    criterion: str
    by_layer: Mapping[str, Tensor]

    def __post_init__(self) -> None:
        for layer, scores in self.by_layer.items():
            if not torch.isfinite(scores).all():
                unit = int((~torch.isfinite(scores)).nonzero()[0])
                msg = (
                    f"unit {unit} of layer {layer!r} has the {self.criterion} score "
                    f"{scores[unit].item()}; scores must be finite: has the network a weight "
                    "that is NaN, or does it give NaN for some image?"
                )
                raise SurgeryError(msg)

    @classmethod
    def of_units(cls, criterion: str, graph: ChannelGraph, values: Tensor) -> Self:
        """Sort the scores of all units, (graph.units,), into the graph's layers."""
        by_layer = {layer.name: values[torch.from_numpy(layer.units)] for layer in graph.layers}
        return cls(criterion, by_layer)
