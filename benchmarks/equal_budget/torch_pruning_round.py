"""One round by Torch-Pruning's own pruner."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch
import torch_pruning
from torch.nn.functional import cross_entropy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.equal_budget.ways import Way
    from torch import Tensor, nn

STEPS = 12


def torch_pruning_round(
    network: nn.Module,
    batches: Iterable[tuple[Tensor, Tensor]],
    example: Tensor,
    limit: float,
    way: Way,
) -> nn.Module:
    """Give a smaller copy with at most so many parameters; the ratio is found by bisection.

    The example requires a gradient, as frozen tensors would break its graph.
    """
    low, high, best = 0.0, 1.0, None
    slopes = _slopes(network, batches) if way.criterion == "taylor" else {}
    for _ in range(STEPS):
        ratio = (low + high) / 2
        smaller = _pruned(network, slopes, example, ratio, way)
        if sum(p.numel() for p in smaller.parameters()) <= limit:
            high, best = ratio, smaller
        else:
            low = ratio
    if best is None:
        msg = f"{way.name}: {limit:g} parameters are out of reach"
        raise RuntimeError(msg)
    for parameter in best.parameters():
        parameter.grad = None
    return best


def _slopes(
    network: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]
) -> dict[str, Tensor | None]:
    """Give the gradient of the mean loss, as its TaylorImportance reads it."""
    network.eval()
    network.zero_grad(set_to_none=True)
    for images, labels in batches:
        cross_entropy(network(images), labels).backward()
    found = {name: parameter.grad for name, parameter in network.named_parameters()}
    network.zero_grad(set_to_none=True)
    return found


def _pruned(
    network: nn.Module,
    slopes: dict[str, Tensor | None],
    example: Tensor,
    ratio: float,
    way: Way,
) -> nn.Module:
    smaller = copy.deepcopy(network).eval()
    for name, parameter in smaller.named_parameters():
        slope = slopes.get(name)
        parameter.grad = None if slope is None else slope.clone()
    linears = [m for m in smaller.modules() if isinstance(m, torch.nn.Linear)]
    importance = (
        torch_pruning.importance.TaylorImportance()
        if way.criterion == "taylor"
        else torch_pruning.importance.MagnitudeImportance(p=2)
    )
    pruner = torch_pruning.pruner.BasePruner(
        smaller,
        example.clone().requires_grad_(True),
        importance,
        pruning_ratio=ratio,
        max_pruning_ratio=0.98,
        global_pruning=way.scope == "network",
        ignored_layers=linears[-1:],
    )
    pruner.step()
    return smaller
