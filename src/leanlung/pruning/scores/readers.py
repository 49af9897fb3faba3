"""Units that never pass an activation are worth what their readers make of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor, nn

    from leanlung.pruning.graph import ChannelGraph


def worth_to_readers(network: nn.Module, graph: ChannelGraph, seen: Tensor) -> Tensor:
    """Score the units that no activation shows.

    The channels of a linear bottleneck take both signs and rest nowhere, so their own zeros
    say nothing. Unit c is worth ``sum_k score_k * |w_kc|`` over the units k that read it, with
    the size of the weights they read it with; a layer's worths are divided by its largest, so
    that they lie in [0, 1]. A reader that is itself not shown (a logit) counts with score 1.

    Args:
        network: Whose weights tell how much a reader listens.
        graph: Of this network.
        seen: Score of every unit, (units,), float64; NaN for those that no activation shows.

    Returns:
        The scores, (units,), with those filled in.

    Source: ours; compared with other rules in docs/decisions/003-linear-units.md.
    """
    if not torch.isnan(seen).any():
        return seen
    worth = torch.zeros_like(seen)
    for name, channels in graph.channels.items():
        if channels.inputs is None:
            continue
        size = network.get_parameter(f"{name}.weight").detach().double().abs().cpu()
        listening = size.reshape(*size.shape[:2], -1).sum(dim=2)  # (outputs, inputs)
        readers = torch.nan_to_num(seen[torch.from_numpy(channels.outputs)], nan=1.0)
        worth.index_add_(0, torch.from_numpy(channels.inputs), readers @ listening)
    filled = seen.clone()
    for layer in graph.layers:
        units = torch.from_numpy(layer.units)
        hidden = units[torch.isnan(seen[units])]
        largest = worth[hidden].max() if len(hidden) else 0.0
        filled[hidden] = worth[hidden] / largest if largest > 0 else 0.0
    return filled
