"""A drop puts the intervals of two independent figures together."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import Estimate, clopper_pearson
from leanlung.statistics.drop import drop_between


def share(name, value, low, high, level=0.95):
    return Estimate(name, value, low, high, level, "by hand", 50, 40)


def wilson(successes, n):
    from statsmodels.stats.proportion import proportion_confint

    return share("accuracy", successes / n, *proportion_confint(successes, n, method="wilson"))


def test_by_hand():
    """0.9 [0.8, 0.94] there, 0.7 [0.58, 0.79] here: -0.2 less the root of 0.12² + 0.04²."""
    found = drop_between(share("a", 0.9, 0.8, 0.94), share("a", 0.7, 0.58, 0.79))
    assert found.value == pytest.approx(-0.2)
    assert found.low == pytest.approx(-0.2 - np.hypot(0.12, 0.04))
    assert found.high == pytest.approx(-0.2 + np.hypot(0.09, 0.1))


def test_with_wilsons_limits_it_is_newcombes_interval():
    found = drop_between(wilson(56, 70), wilson(48, 80))
    low, high = confint_proportions_2indep(48, 80, 56, 70, method="newcomb", compare="diff")
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_it_covers_as_often_as_it_says():
    generator = np.random.default_rng(1)
    ends = {(k, n): clopper_pearson(k, n) for n in (40, 60) for k in range(n + 1)}
    inside = 0
    for one, other in zip(
        generator.binomial(40, 0.9, 2000), generator.binomial(60, 0.7, 2000), strict=True
    ):
        found = drop_between(
            share("a", one / 40, *ends[one, 40]), share("a", other / 60, *ends[other, 60])
        )
        inside += found.low <= -0.2 <= found.high
    assert inside / 2000 >= 0.95


def test_what_is_undefined_stays_so():
    nothing = Estimate("a", None, None, None, 0.95, "undefined: it takes a study", 50, 40)
    plain = share("a", 0.7, 0.58, 0.79)
    assert drop_between(nothing, plain).value is None
    assert drop_between(plain, nothing).method == "undefined: it takes a study"
    open_ended = Estimate("a", 0.8, None, None, 0.95, "none", 50, 40)
    found = drop_between(open_ended, plain)
    assert (found.value, found.low) == (pytest.approx(-0.1), None)


def test_two_different_figures_are_refused():
    plain = share("a", 0.7, 0.58, 0.79)
    with pytest.raises(StatisticsError, match="the same metric at the same level"):
        drop_between(share("b", 0.9, 0.8, 0.94), plain)
    with pytest.raises(StatisticsError, match="the same metric at the same level"):
        drop_between(share("a", 0.9, 0.8, 0.94, level=0.9), plain)
