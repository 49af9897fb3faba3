"""Optimisers, made from a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import optim

if TYPE_CHECKING:
    from torch import nn

    from leanlung.training.plan import OptimiserPlan


def optimiser_for(network: nn.Module, plan: OptimiserPlan) -> optim.Optimizer:
    """Make an optimiser for the trainable parameters of a network.

    Weights decay; biases and BatchNorm's scales, which have one axis, do not.

    Args:
        network: To be fitted.
        plan: Which optimiser.

    Returns:
        The optimiser, with two groups of parameters.
    """
    trainable = [parameter for parameter in network.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trainable if p.ndim > 1], "weight_decay": plan.weight_decay},
        {"params": [p for p in trainable if p.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    match plan.kind:
        case "sgd":
            nesterov = plan.nesterov and plan.momentum > 0
            return optim.SGD(groups, lr=plan.rate, momentum=plan.momentum, nesterov=nesterov)
        case "adam":
            return optim.AdamW(groups, lr=plan.rate)
        case "rmsprop":
            return optim.RMSprop(
                groups, lr=plan.rate, alpha=plan.smoothing, momentum=plan.momentum
            )
