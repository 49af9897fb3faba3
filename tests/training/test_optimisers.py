"""Optimisers are what the plan says, and only weights decay."""

import pytest
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
