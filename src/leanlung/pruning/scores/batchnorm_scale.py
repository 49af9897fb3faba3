"""BatchNorm scale: how far a unit's normalised map is turned up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from leanlung.foundations.errors import SurgeryError
from leanlung.networks.widths import Normalisation

if TYPE_CHECKING:
    from torch import Tensor, nn

    from leanlung.pruning.graph import ChannelGraph


@dataclass(frozen=True)
class BatchNormScale:
    """Size of the factor by which BatchNorm multiplies a unit.

    ``|gamma|`` of the normalisation behind the filter; in [0, inf). As every map has variance 1
    before it, the factor is on one scale over the whole network. A unit that passes several
    normalisations (one for each writer of a residual sum, one for each reader in a DenseNet)
    gets their mean; a normalisation without a factor counts 1. A unit that passes none is worth
    what its readers make of it: see `worth_to_readers`.

    Source: Liu et al. 2017 (Network slimming). Differs: they train with an L1 penalty on
        ``gamma`` first, and in pre-activation networks place a selection of their
        own before each BatchNorm instead of a mean.
    """

    name: str = "batchnorm_scale"
    highest: float = torch.inf

    def of_units(self, network: nn.Module, graph: ChannelGraph) -> Tensor:
        """Score every unit, (graph.units,), NaN for those that pass no normalisation.

        Raises:
            SurgeryError: If that is all of them.
        """
        total = torch.zeros(graph.units, dtype=torch.float64)
        times = torch.zeros(graph.units, dtype=torch.float64)
        for name, channels in graph.channels.items():
            layer = network.get_submodule(name)
            if not isinstance(layer, Normalisation):
                continue
            units = torch.from_numpy(channels.outputs)
            one = torch.ones(len(units), dtype=torch.float64)
            # torch says a weight is always there; without affine it is None
            scale = layer.weight.detach().double().abs().cpu() if layer.affine else one
            total.index_add_(0, units, scale)
            times.index_add_(0, units, one)
        if not any(times[torch.from_numpy(layer.units)].any() for layer in graph.layers):
            msg = (
                f"{type(network).__name__} has no BatchNorm behind a layer whose units can be "
                f"removed, so {self.name!r} says nothing; take 'l2', or another criterion"
            )
            raise SurgeryError(msg)
        return total / times
