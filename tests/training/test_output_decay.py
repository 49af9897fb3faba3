"""The last layer's weights are penalised through the loss, and nothing else is."""

from collections.abc import Mapping
from typing import Literal

import torch
from torch import nn

from leanlung.foundations.seeds import Seeds
from leanlung.pixels import ImageSet, PixelStatistics
from leanlung.training import OptimiserPlan, TrainingPlan, fit

RATE, DECAY = 0.1, 0.05
Kind = Literal["sgd", "adam"]


Tensors = Mapping[str, torch.Tensor]


def fitted(decay: float, kind: Kind = "sgd") -> tuple[Tensors, Tensors, float]:
    """One step on two images that no layer answers differently: before, after, the loss."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    before = {name: each.detach().clone() for name, each in network.named_parameters()}
    images = ImageSet(
        torch.full((2, 2, 2), 200, dtype=torch.uint8), torch.arange(2), torch.tensor([0, 1])
    )
    plan = TrainingPlan(
        epochs=1,
        batch=2,
        clip=0.0,
        class_weights="none",
        optimiser=OptimiserPlan(kind=kind, rate=RATE, momentum=0.0, output_decay=decay),
    )
    found = fit(
        network,
        images,
        plan=plan,
        statistics=PixelStatistics(0.5, 0.25),
        channels=1,
        validate=lambda _network: {"log_likelihood": 0.0},
        seeds=Seeds(0),
        device=torch.device("cpu"),
    )
    return before, dict(network.named_parameters()), found.history[0].loss


def test_its_slope_is_twice_the_decay_times_the_weight() -> None:
    """keras's l2(c) adds c * sum(w ** 2), whose slope is 2 c w: SGD steps by it, no other."""
    before, without, loss = fitted(0.0)
    _, with_decay, penalised = fitted(DECAY)
    expected = without["3.weight"] - RATE * 2 * DECAY * before["3.weight"]
    torch.testing.assert_close(with_decay["3.weight"], expected)
    for name in ("1.weight", "1.bias", "3.bias"):
        assert torch.equal(with_decay[name], without[name]), name
    added = DECAY * float(before["3.weight"].square().sum())
    assert abs(penalised - loss - added) < 1e-6


def test_with_adam_it_goes_through_the_moments() -> None:
    """Adam's first step is the sign of the whole slope: the penalty can turn it round."""
    before, after, _ = fitted(1e6, "adam")
    moved = after["3.weight"] - before["3.weight"]
    torch.testing.assert_close(moved, -RATE * before["3.weight"].sign(), rtol=1e-3, atol=0)


def test_a_plan_without_it_is_written_as_before() -> None:
    assert "output_decay" not in OptimiserPlan().model_dump()
    assert OptimiserPlan(output_decay=0.05).model_dump()["output_decay"] == 0.05
