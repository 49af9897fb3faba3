"""A network learns from a teacher's answers as much as the plan says."""

from __future__ import annotations

import copy
import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from leanlung.foundations.errors import TrainingError
from leanlung.foundations.seeds import Seeds
from leanlung.pixels import ImageSet, PixelStatistics
from leanlung.training import DistillationPlan, Fitted, OptimiserPlan, TrainingPlan, fit
from leanlung.training.distillation import distilled

PLAN = TrainingPlan(epochs=3, batch=8, optimiser=OptimiserPlan(kind="adam", rate=0.05))


def fitted(network: nn.Module, images: ImageSet, weight: float, **options: object) -> Fitted:
    plan = PLAN.model_copy(update={"distil": DistillationPlan(weight=weight)})
    return fit(
        network,
        images,
        plan=options.pop("plan", plan),
        statistics=PixelStatistics(mean=0.5, deviation=0.25),
        channels=1,
        seeds=Seeds(0),
        validate=lambda _: {"log_likelihood": 0.0},
        device=torch.device("cpu"),
        **options,
    )


def test_the_loss_by_hand() -> None:
    """Teacher (3/4, 1/4) at T = 1, network (1/2, 1/2): KL = 3/4 ln 3/2 + 1/4 ln 1/2."""
    taught = torch.tensor([[math.log(3.0), 0.0]])
    divergence = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    plan = DistillationPlan(weight=0.25, temperature=1.0)
    found = distilled(torch.tensor(2.0), torch.zeros(1, 2), taught, plan)
    assert float(found) == pytest.approx(0.75 * 2.0 + 0.25 * divergence)
    # Logits twice as large at T = 2 are the same probabilities; the factor is T squared.
    plan = DistillationPlan(weight=0.25, temperature=2.0)
    found = distilled(torch.tensor(2.0), torch.zeros(1, 2), 2 * taught, plan)
    assert float(found) == pytest.approx(0.75 * 2.0 + 0.25 * 4.0 * divergence)


def test_gradients_are_of_one_size_for_every_temperature() -> None:
    sizes = []
    for heat in (10.0, 100.0):
        logits = torch.zeros(1, 3, requires_grad=True)
        taught = torch.tensor([[0.3, -0.1, 0.2]])
        plan = DistillationPlan(weight=1.0, temperature=heat)
        distilled(torch.tensor(0.0), logits, taught, plan).backward()
        sizes.append(logits.grad.norm().item())
    assert sizes[0] == pytest.approx(sizes[1], rel=0.01)


def test_without_weight_the_teacher_changes_nothing(
    network: nn.Module, images: ImageSet
) -> None:
    alone = fitted(copy.deepcopy(network), images, 0.0)
    beside = fitted(copy.deepcopy(network), images, 0.0, teacher=copy.deepcopy(network))
    for one, other in zip(alone.network.parameters(), beside.network.parameters(), strict=True):
        assert torch.equal(one, other)


def test_with_all_weight_labels_do_not_matter(network: nn.Module, images: ImageSet) -> None:
    """A teacher that answers the second class throughout is believed against all labels."""
    teacher = copy.deepcopy(network)
    nn.init.zeros_(teacher[-1].weight)
    with torch.no_grad():
        teacher[-1].bias.copy_(torch.tensor([-3.0, 3.0]))
    plan = PLAN.model_copy(update={"epochs": 30, "distil": DistillationPlan(weight=1.0)})
    before = copy.deepcopy(teacher.state_dict())
    result = fitted(network, images, 1.0, plan=plan, teacher=teacher)
    assert images.labels.float().mean() < 0.9  # the labels say otherwise
    shares = F.softmax(result.network(torch.zeros(4, 1, 8, 8)), dim=1)
    assert result.history[-1].loss < result.history[0].loss
    assert (shares[:, 1] > 0.5).all()
    for name, tensor in teacher.state_dict().items():
        assert torch.equal(tensor, before[name])  # statistics too: it is not in training mode


def test_a_weight_without_a_teacher_is_refused(network: nn.Module, images: ImageSet) -> None:
    with pytest.raises(TrainingError, match="no teacher; only retraining has one"):
        fitted(network, images, 0.5)
