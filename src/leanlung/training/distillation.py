"""Distillation: a network learns from another's answers as well as from labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by
from pydantic import BaseModel, Field

from leanlung.foundations.shares import Share

if TYPE_CHECKING:
    from torch import Tensor


class DistillationPlan(BaseModel, extra="forbid", frozen=True):
    """How much a network listens to its teacher, the unpruned network.

    Attributes:
        weight: Share of the loss that is the teacher's; 0 is none, and no teacher is run.
        temperature: Both networks' logits are divided by it, so that small probabilities
            count too.
    """

    weight: Share = 0.0
    temperature: float = Field(4.0, gt=0.0, allow_inf_nan=False)


def distilled(loss: Tensor, logits: Tensor, taught: Tensor, plan: DistillationPlan) -> Tensor:
    """Mix the loss against labels with the distance from a teacher's answers.

    ``(1 - w) loss + w T^2 KL(softmax(taught / T) || softmax(logits / T))``, the divergence
    averaged over images; the factor keeps gradients of the same size for every temperature.

    Args:
        loss: Against the labels, a scalar.
        logits: Of the network, (N, K).
        taught: Of the teacher for the same inputs, (N, K).
        plan: Weight and temperature.

    Source: Hinton, Vinyals & Dean 2015 (Distilling the Knowledge in a Neural Network), section
        2.
    """
    heat = plan.temperature
    distance = F.kl_div(
        F.log_softmax(logits.float() / heat, dim=1),
        F.log_softmax(taught.float() / heat, dim=1),
        reduction="batchmean",
        log_target=True,
    )
    return (1.0 - plan.weight) * loss + plan.weight * heat**2 * distance
