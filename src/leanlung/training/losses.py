"""Losses: how far logits are from labels, class weights and several scales included."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by

if TYPE_CHECKING:
    from torch import Tensor

    from leanlung.training.plan import TrainingPlan

_LEAST = torch.finfo(torch.float32).eps
"""Of 1 - p under a power below 1, whose slope at 0 has no end."""


def loss_of(
    scales: tuple[Tensor, ...], labels: Tensor, weights: Tensor, plan: TrainingPlan
) -> Tensor:
    """Give the loss of some images: the mean over scales of each one's loss.

    Args:
        scales: Logits, (N, K) each; a single one for most networks.
        labels: (N,).
        weights: Of the classes, (K,).
        plan: Which loss.

    Returns:
        A scalar, the mean over images by the weight of their class.

    Source: Hu et al. 2020 (IEEE Access 8): the mean of the three scales' weighted, focal
        losses with r = 1, weights the inverse frequency of a class.
    """
    each = [_of_one(logits.float(), labels, weights, plan) for logits in scales]
    return each[0] if len(each) == 1 else torch.stack(each).mean()


def _of_one(logits: Tensor, labels: Tensor, weights: Tensor, plan: TrainingPlan) -> Tensor:
    if plan.loss == "focal":
        return focal(logits, labels, weights, plan.focal_gamma)
    return F.cross_entropy(logits, labels, weight=weights)


def focal(logits: Tensor, labels: Tensor, weights: Tensor, gamma: float) -> Tensor:
    """Give the focal loss, ``sum w (1 - p)^gamma (-log p) / sum w`` over images.

    p is the probability of the right class, w the weight of that class. The sum of weights
    alone is divided by, so that at ``gamma = 0`` it is the weighted cross-entropy.

    Args:
        logits: (N, K), float32.
        labels: (N,).
        weights: Of the classes, (K,).
        gamma: From 0; the higher, the less do images count that are answered right.

    Source: Lin et al. 2017 (Focal loss for dense object detection), equation 5, who divide by
        the number of objects instead.
    """
    log = F.log_softmax(logits, dim=1).gather(1, labels[:, None]).squeeze(1)
    missing = (-torch.expm1(log)).clamp(min=_LEAST)
    weight = weights[labels]
    return (weight * missing**gamma * -log).sum() / weight.sum()
