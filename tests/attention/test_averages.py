"""Averages over films know that a patient's films are alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from leanlung.attention import average, average_difference
from leanlung.foundations.errors import StatisticsError

if TYPE_CHECKING:
    from leanlung.statistics import Estimate

GENERATOR = np.random.default_rng(5)
SHARES = GENERATOR.beta(3, 3, 150).tolist()
PATIENTS = [f"p{n}" for n in range(150)]


def width(estimate: Estimate) -> float:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.high - estimate.low


def test_the_interval_is_about_that_of_the_mean() -> None:
    found = average("share", SHARES, PATIENTS)
    error = np.std(SHARES, ddof=1) / np.sqrt(150)
    assert found.value == pytest.approx(np.mean(SHARES))
    assert (found.low, found.high) == pytest.approx(
        (np.mean(SHARES) - 1.96 * error, np.mean(SHARES) + 1.96 * error), abs=0.15 * error
    )
    assert (found.studies, found.patients) == (150, 150)


def test_films_of_one_patient_that_are_alike_tell_no_more_than_one() -> None:
    thrice = average("share", np.repeat(SHARES, 3).tolist(), np.repeat(PATIENTS, 3).tolist())
    once = average("share", SHARES, PATIENTS)
    assert (thrice.value, thrice.low, thrice.high) == pytest.approx(
        (once.value, once.low, once.high)
    )
    assert "patient-cluster" in thrice.method
    apart = average("share", np.repeat(SHARES, 3).tolist(), [f"q{n}" for n in range(450)])
    assert width(apart) < 0.7 * width(thrice)


def test_the_order_of_films_changes_nothing() -> None:
    order = GENERATOR.permutation(150)
    moved = average("share", [SHARES[n] for n in order], [PATIENTS[n] for n in order])
    assert width(moved) == pytest.approx(width(average("share", SHARES, PATIENTS)))


def test_where_nothing_varies_an_exact_bound_stands_in() -> None:
    found = average("hit", [1.0] * 20, PATIENTS[:20])
    # Clopper-Pearson of 20 of 20: 0.025 ** (1 / 20)
    assert (found.low, found.high) == pytest.approx((0.025 ** (1 / 20), 1.0))
    assert "no spread is seen" in found.method


def test_a_difference_is_paired() -> None:
    moved = 0.03 + GENERATOR.normal(0, 0.02, 150)
    after = np.clip(np.array(SHARES) + moved, 0, 1).tolist()
    found = average_difference("b minus a", SHARES, after, PATIENTS)
    error = np.subtract(after, SHARES).std(ddof=1) / np.sqrt(150)
    assert found.value == pytest.approx(np.subtract(after, SHARES).mean())
    assert width(found) == pytest.approx(2 * 1.976 * error, rel=0.15)
    back = average_difference("a minus b", after, SHARES, PATIENTS)
    assert (found.low, found.high) == pytest.approx(
        tuple(None if end is None else -end for end in (back.high, back.low))
    )


def test_two_models_that_never_differ_leave_what_their_number_allows() -> None:
    found = average_difference("b minus a", SHARES[:30], SHARES[:30], PATIENTS[:30])
    reach = 1 - 0.025 ** (1 / 30)
    assert (found.value, found.low, found.high) == pytest.approx((0.0, -reach, reach))


def test_without_films_there_is_no_estimate() -> None:
    for found in (average("share", [], []), average_difference("b minus a", [], [], [])):
        assert (found.value, found.low, found.studies) == (None, None, 0)


def test_numbers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(StatisticsError, match="one of each was expected"):
        average("share", [0.5], [])
    with pytest.raises(StatisticsError, match="resamples"):
        average("share", [0.5], ["p"], resamples=3)
