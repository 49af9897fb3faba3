"""Writers: the filters that write units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from leanlung.networks.widths import Convolution

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from leanlung.pruning.graph import ChannelGraph


def filters_of(network: nn.Module, name: str) -> Tensor:
    """Give the weight of a layer with one filter a row.

    Args:
        network: Not changed.
        name: Of a convolution, transposed or not, or a linear layer.

    Returns:
        (outputs, inputs of a group, ...), without gradient.
    """
    layer = network.get_submodule(name)
    weight = network.get_parameter(f"{name}.weight").detach()
    if isinstance(layer, Convolution) and layer.transposed:  # (inputs, outputs of a group, ...)
        inputs, outputs, *rest = weight.shape
        by_group = weight.reshape(layer.groups, inputs // layer.groups, outputs, *rest)
        return by_group.transpose(1, 2).flatten(0, 1)
    return weight


def mean_over_filters(
    network: nn.Module, graph: ChannelGraph, measure: Callable[[Tensor], Tensor]
) -> Tensor:
    """Give every unit the mean of a measure over the filters that write it.

    Args:
        network: Not changed.
        graph: Of this network.
        measure: Number of every filter, (outputs, inputs, ...) to (outputs,).

    Returns:
        The means, (graph.units,), float64 on the CPU; NaN for units that nothing writes.
    """
    total = torch.zeros(graph.units, dtype=torch.float64)
    times = torch.zeros(graph.units, dtype=torch.float64)
    for writer in dict.fromkeys(name for layer in graph.layers for name in layer.writers):
        units = torch.from_numpy(graph.channels[writer].outputs)
        found = measure(filters_of(network, writer))
        total.index_add_(0, units, found.double().cpu())
        times.index_add_(0, units, torch.ones(len(units), dtype=torch.float64))
    return total / times
