"""Units that a criterion says nothing about are worth what their readers make of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from leanlung.pruning.scores.writers import filters_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from leanlung.pruning.graph import ChannelGraph


def worth_to_readers(
    network: nn.Module, graph: ChannelGraph, seen: Tensor, highest: float = 1.0
) -> Tensor:
    """Score the units that a criterion cannot see.

    The channels of a linear bottleneck take both signs and rest nowhere, so their own zeros
    say nothing. Unit c is worth ``sum_k score_k * |w_kc|`` over the units k that read it, with
    the size of the weights they read it with. The worths of a layer are brought to the scale of
    the other scores: its largest becomes the highest score there can be; where scores have no
    bound, its mean becomes the mean of the scores that were seen. A reader that is itself not
    seen (a logit) counts with that same highest, or mean, score.

    Args:
        network: Whose weights tell how much a reader listens.
        graph: Of this network.
        seen: Score of every unit, (units,), float64; NaN for those that were not seen.
        highest: Score there can be: 1 for shares, infinity where there is no bound.

    Returns:
        The scores, (units,), with those filled in; in [0, highest].

    Source: ours; compared with other rules in docs/decisions/003-linear-units.md.
    """
    unknown = torch.isnan(seen)
    if not unknown.any():
        return seen
    bounded = math.isfinite(highest)
    known = seen[~unknown]
    usual = highest if bounded else float(known.mean()) if len(known) else 1.0
    worth = torch.zeros_like(seen)
    for name, channels in graph.channels.items():
        if channels.inputs is None:
            continue
        size = filters_of(network, name).double().abs().cpu()
        listening = size.reshape(*size.shape[:2], -1).sum(dim=2)  # (outputs, inputs)
        readers = torch.nan_to_num(seen[torch.from_numpy(channels.outputs)], nan=usual)
        worth.index_add_(0, torch.from_numpy(channels.inputs), readers @ listening)
    filled = seen.clone()
    for layer in graph.layers:
        units = torch.from_numpy(layer.units)
        hidden = units[unknown[units]]
        if not len(hidden):
            continue
        against = float(worth[hidden].max() if bounded else worth[hidden].mean())
        filled[hidden] = worth[hidden] / against * usual if against > 0 else 0.0
    return filled
