"""The learning rate and the best epoch follow from the history."""

import math

import pytest

from leanlung.training import Epoch, RatePlan, best_epoch, rate_of


def history(*metrics: float) -> list[Epoch]:
    return [Epoch(n, 0.1, 1.0, {"m": value}) for n, value in enumerate(metrics, start=1)]


def rate(plan: RatePlan, *metrics: float) -> float:
    return rate_of(plan, 0.1, epochs=10, history=history(*metrics), monitor="m")


def test_the_best_epoch_is_the_first_of_the_highest() -> None:
    assert best_epoch(history(0.1, 0.3, 0.2, 0.3), "m") == 2
    assert best_epoch([], "m") == 0


def test_a_constant_rate_stays() -> None:
    assert rate(RatePlan(), 0.1, 0.2) == 0.1


@pytest.mark.parametrize("done", [0, 3, 5, 9])
def test_cosine_falls_along_half_a_wave(done: int) -> None:
    plan = RatePlan(kind="cosine", least=0.1)
    expected = 0.01 + 0.09 * 0.5 * (1 + math.cos(math.pi * done / 10))
    assert rate(plan, *[0.0] * done) == pytest.approx(expected)


def test_plateau_halves_after_so_many_epochs_without_a_better_one() -> None:
    plan = RatePlan(kind="plateau", factor=0.5, patience=2, least=0.2)
    assert rate(plan, 0.5, 0.4) == 0.1  # one epoch waited
    assert rate(plan, 0.5, 0.4, 0.5) == 0.05  # two: an equal one is not better
    assert rate(plan, 0.5, 0.4, 0.4, 0.6, 0.5) == 0.05  # better again; waiting starts anew
    assert rate(plan, 0.5, *[0.4] * 4) == 0.025
    assert rate(plan, 0.5, *[0.4] * 40) == pytest.approx(0.02)  # never below its least
