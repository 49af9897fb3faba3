"""The interval of a proportion is exact, and never a point where there is doubt."""

from __future__ import annotations

import warnings

import pytest

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import clopper_pearson

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from statsmodels.stats.proportion import proportion_confint


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
@pytest.mark.parametrize(
    ("successes", "n"), [(0, 1), (1, 1), (0, 27), (27, 27), (489, 504), (3, 10), (1, 12_000)]
)
def test_it_is_that_of_statsmodels(successes, n, level):
    expected = proportion_confint(successes, n, alpha=1 - level, method="beta")
    assert clopper_pearson(successes, n, level) == pytest.approx(expected, rel=1e-9)


def test_all_right_still_leaves_room_for_errors():
    # Both are the tail to the power of 1/n, worked by hand: 0.025 ** (1 / 27).
    assert clopper_pearson(27, 27) == (pytest.approx(0.8723, abs=5e-5), 1.0)
    assert clopper_pearson(261, 261) == (pytest.approx(0.9860, abs=5e-5), 1.0)


def test_none_right_mirrors_all_right():
    low, high = clopper_pearson(0, 27)
    assert (low, high) == (0.0, pytest.approx(1 - 0.025 ** (1 / 27)))


def test_no_trial_has_no_interval():
    assert clopper_pearson(0, 0) == (None, None)


@pytest.mark.parametrize("successes", [-1, 11])
def test_a_count_that_cannot_be_is_refused(successes):
    with pytest.raises(StatisticsError, match=f"{successes} successes of 10: a count between"):
        clopper_pearson(successes, 10)


def test_a_level_in_percent_is_refused():
    with pytest.raises(StatisticsError, match=r"for 95 % write 0\.95"):
        clopper_pearson(5, 10, 95)
