"""A cosine with restarts is equation 5 of Loshchilov & Hutter, and torch's own schedule."""

import math

import pytest
import torch
from pydantic import ValidationError
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts

from leanlung.training import Epoch, RatePlan, RestartPlan, rate_of


def rates(plan: RatePlan, epochs: int) -> list[float]:
    history: list[Epoch] = []
    for number in range(1, epochs + 1):
        rate = rate_of(plan, 0.1, epochs, history, "accuracy")
        history.append(Epoch(number, rate, 0.0, {"accuracy": 0.5}))
    return [epoch.rate for epoch in history]


def test_by_hand() -> None:
    """Periods of 2 and 4 epochs: 0, 1 of 2, then 0, 1, 2, 3 of 4, then anew."""
    plan = RatePlan(kind="cosine", least=0.0, restarts=RestartPlan(first=2, factor=2))
    waves = [(0, 2), (1, 2), (0, 4), (1, 4), (2, 4), (3, 4), (0, 8)]
    expected = [0.05 * (1 + math.cos(math.pi * now / period)) for now, period in waves]
    assert rates(plan, 7) == pytest.approx(expected)


@pytest.mark.parametrize(("first", "factor"), [(3, 1), (1, 2), (4, 3)])
def test_as_torch_does(first: int, factor: int) -> None:
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([parameter], lr=0.1)
    schedule = CosineAnnealingWarmRestarts(optimiser, first, factor, eta_min=0.1 * 0.01)
    expected = []
    for _ in range(20):
        expected.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    plan = RatePlan(kind="cosine", restarts=RestartPlan(first=first, factor=factor))
    assert rates(plan, 20) == pytest.approx(expected)


def test_without_restarts_it_falls_once() -> None:
    plan = RatePlan(kind="cosine")
    whole = RatePlan(kind="cosine", restarts=RestartPlan(first=12))
    assert rates(plan, 12) == pytest.approx(rates(whole, 12))


def test_another_rate_has_no_restarts() -> None:
    with pytest.raises(ValidationError, match="restarts: a plateau rate has none"):
        RatePlan(kind="plateau", restarts=RestartPlan())
