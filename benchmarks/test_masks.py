"""Masks: what holding weights at zero adds to a training step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by
from torch import optim

from leanlung.networks import NetworkSpec, build
from leanlung.pruning import Polynomial, magnitude
from leanlung.pruning.masks import Hold, Ramp, impose, keep_largest, kernels

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

MOST = 1.05
SIZE, BATCH, EVERY = 128, 32, 100
ROUNDS = 9


def hold(network: nn.Module) -> Hold:
    mask = keep_largest(magnitude(network, kernels(network)), 0.5)
    impose(network, mask)
    return Hold(mask)


def ramp(_network: nn.Module) -> Ramp:
    return Ramp(Polynomial(final=0.5, first=0, last=10 * EVERY), every=EVERY)


@pytest.mark.parametrize("hook", [hold, ramp], ids=["Hold", "Ramp"])
def test_bookkeeping_of_a_training_step(hook: Callable, in_turn) -> None:
    """A step with the mask against one without; a ramp's refresh counts one part in EVERY."""
    spec = NetworkSpec("shahabade2025", 2, size=SIZE, channels=1, head="own")
    torch.manual_seed(0)
    network = build(spec).to(memory_format=torch.channels_last).train()
    optimiser = optim.RMSprop(network.parameters(), lr=1e-5, momentum=0.9)
    images = torch.randn(BATCH, 1, SIZE, SIZE)
    labels = torch.randint(2, (BATCH,))
    each_step = hook(network)
    numbers = iter(range(1, 10**9))

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        F.cross_entropy(network(images), labels).backward()
        optimiser.step()

    def held() -> None:
        step()
        number = next(numbers)
        each_step(network, optimiser, number + (number % EVERY == 0))

    each_step(network, optimiser, 0)
    found = in_turn(step, held, ROUNDS)
    plain, alone = in_turn_alone(in_turn, each_step, network, optimiser)
    refreshing = alone if isinstance(each_step, Ramp) else 0.0
    ratio = 1 + (plain + refreshing / EVERY) / found.first
    print(
        f"{type(each_step).__name__}: step {found.first * 1e3:.0f} ms, with the mask "
        f"{found.second * 1e3:.0f} ms, ratio {found.ratio:.3f}; the mask alone "
        f"{plain * 1e3:.1f} ms, a refresh {refreshing * 1e3:.0f} ms every {EVERY} steps: "
        f"{ratio:.4f} of a step"
    )
    assert ratio <= MOST


def in_turn_alone(in_turn, each_step, network, optimiser) -> tuple[float, float]:
    """Time a step's bookkeeping, and that of a step in which a ramp makes its mask anew."""
    found = in_turn(
        lambda: each_step(network, optimiser, EVERY + 1),
        lambda: each_step(network, optimiser, EVERY),
        ROUNDS,
    )
    return found.first, found.second
