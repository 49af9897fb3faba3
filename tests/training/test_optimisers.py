"""Optimisers are what the plan says, and only weights decay."""

import math

import pytest
import torch
from torch import nn, optim

from leanlung.training import OptimiserPlan, optimiser_for


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("sgd", optim.SGD), ("adam", optim.AdamW), ("rmsprop", optim.RMSprop)],
)
def test_the_kind_is_the_one_asked_for(network: nn.Module, kind: str, expected: type) -> None:
    found = optimiser_for(network, OptimiserPlan(kind=kind, rate=0.3))
    assert isinstance(found, expected)
    assert {group["lr"] for group in found.param_groups} == {0.3}


def test_biases_and_scales_do_not_decay(network: nn.Module) -> None:
    found = optimiser_for(network, OptimiserPlan(weight_decay=0.01))
    decays = {
        id(parameter): group["weight_decay"]
        for group in found.param_groups
        for parameter in group["params"]
    }
    told = {name: decays[id(p)] for name, p in network.named_parameters()}
    assert told == {
        "0.weight": 0.01, "0.bias": 0.0, "1.weight": 0.0, "1.bias": 0.0,
        "6.weight": 0.01, "6.bias": 0.0,
    }  # fmt: skip


def test_frozen_parameters_are_left_out(network: nn.Module) -> None:
    network[0].requires_grad_(requires_grad=False)
    found = optimiser_for(network, OptimiserPlan())
    held = sum(len(group["params"]) for group in found.param_groups)
    assert held == 4


def test_momentum_and_nesterov_are_handed_on(network: nn.Module) -> None:
    (group, _) = optimiser_for(network, OptimiserPlan(momentum=0.8, nesterov=True)).param_groups
    assert (group["momentum"], group["nesterov"]) == (0.8, True)
    (group, _) = optimiser_for(network, OptimiserPlan(momentum=0.0, nesterov=True)).param_groups
    assert group["nesterov"] is False  # torch refuses it without momentum


def test_rmsprop_as_keras_moves_every_weight_by_the_rate_over_the_root_of_a_tenth() -> None:
    """Keras: ``v = rho v + (1 - rho) g^2``, ``w -= rate g / (sqrt(v) + eps)``."""
    network = nn.Linear(2, 1, bias=False)
    nn.init.zeros_(network.weight)
    plan = OptimiserPlan(kind="rmsprop", rate=0.01, momentum=0.0, smoothing=0.9)
    found = optimiser_for(network, plan)
    network.weight.grad = torch.tensor([[4.0, -0.5]])
    found.step()
    step = 0.01 / math.sqrt(0.1)
    torch.testing.assert_close(network.weight.detach(), torch.tensor([[-step, step]]))
    found.step()  # v = 0.9 * 0.1 g^2 + 0.1 g^2
    step += 0.01 / math.sqrt(0.19)
    torch.testing.assert_close(network.weight.detach(), torch.tensor([[-step, step]]))


def test_a_plan_without_smoothing_is_told_as_before() -> None:
    assert "smoothing" not in OptimiserPlan(kind="rmsprop").model_dump()
    assert OptimiserPlan(smoothing=0.9).model_dump()["smoothing"] == 0.9
