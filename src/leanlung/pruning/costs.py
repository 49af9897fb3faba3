"""Costs: what a unit of each layer takes, so that a cut can look where the time goes."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.networks.widths import Convolution
from leanlung.pruning.graph import require_fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch import Tensor

    from leanlung.pruning.graph import ChannelGraph


def unit_macs(network: nn.Module, graph: ChannelGraph, example: Tensor) -> dict[str, float]:
    """Count the multiply-accumulate operations that leave with one unit.

    A unit takes along its share of every layer that writes it, hands it on or reads it: one
    part in as many as that layer has outputs, or inputs.

    Args:
        network: Any network of convolutions and linear layers; not changed.
        graph: Of this network.
        example: One image or more, as large as those it will see; more cost more.

    Returns:
        Operations for each layer of units, the mean over its units.
    """
    require_fit(network, graph)
    costs = np.zeros(graph.units)
    for name, macs in _macs_by_layer(network, example).items():
        if name in graph.channels:
            channels = graph.channels[name]
            for units in (channels.outputs, channels.inputs):
                if units is not None:
                    np.add.at(costs, units, macs / len(units))
    return {layer.name: float(costs[layer.units].mean()) for layer in graph.layers}


def exponents(
    costs: Mapping[str, float], layers: Iterable[str], tilt: float
) -> dict[str, float]:
    """Give how many times each layer keeps its share: once where costs are middling.

    Args:
        costs: Of one unit, by layer; only their ratios matter.
        layers: Those that may lose units.
        tilt: Power of the cost, divided by the layers' geometric mean.

    Raises:
        SurgeryError: If a layer has no cost, or one that is not above 0.
    """
    found = {layer: costs.get(layer, math.nan) for layer in layers}
    for layer, cost in found.items():
        if not 0.0 < cost < math.inf:
            msg = f"a unit of layer {layer!r} has a cost above 0; got {costs.get(layer)}"
            raise SurgeryError(msg)
    middle = fmean(map(math.log, found.values())) if found else 0.0
    return {layer: math.exp(tilt * (math.log(cost) - middle)) for layer, cost in found.items()}


def _macs_by_layer(network: nn.Module, example: Tensor) -> dict[str, int]:
    counted: dict[str, int] = {}
    names = {
        module: name
        for name, module in network.named_modules()
        if isinstance(module, Convolution | nn.Linear)
    }

    def count(layer: Any, _inputs: object, output: Tensor) -> None:  # noqa: ANN401 - two kinds
        macs = output.numel() * layer.weight[0].numel()
        counted[names[layer]] = counted.get(names[layer], 0) + macs

    handles = [module.register_forward_hook(count) for module in names]
    modes = {module: module.training for module in network.modules()}
    try:
        network.eval()
        with torch.no_grad():
            network(example)
    finally:
        for module, training in modes.items():
            module.training = training
        for handle in handles:
            handle.remove()
    return counted
