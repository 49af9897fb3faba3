"""Limits near 1 reach downwards, those in the middle are plain, and both sides mirror."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, t

from leanlung.statistics.square_and_add import SquareAndAddSpread, square_and_add
from leanlung.statistics.student import t_above, t_quantile

shares = st.floats(0.0, 1.0)


def spread(before=0.8, after=0.78, variance=1e-4, shared=0.5, freedom=50.0, **changes):
    entries = {"patients": 60, "lowest": 0.0, "best": 1.0, "method": "by hand"} | changes
    return SquareAndAddSpread(
        before, after, (variance, variance), shared * variance, freedom, **entries
    )


def test_with_many_studies_it_is_the_normal_interval_of_the_difference():
    low, high = spread(freedom=np.inf, variance=1e-8).interval(0.95)
    error = np.sqrt(2e-8 - 1e-8)
    expected = -0.02 - 1.959964 * error, -0.02 + 1.959964 * error
    assert (low, high) == pytest.approx(expected, abs=1e-7)


def test_it_is_newcombes_square_and_add_of_wilsons_limits():
    """Two shares of 50 studies, 45 and 40 right, worked by hand with a correlation of 0.3."""
    reach = norm.ppf(0.975)

    def wilson(right):
        wide = reach**2 / 50
        centre, share = (right / 50 + wide / 2) / (1 + wide), right / 50
        half = np.sqrt(wide * (share * (1 - share) + wide / 4)) / (1 + wide)
        return centre - half, centre + half

    variances = 0.9 * 0.1 / 50, 0.8 * 0.2 / 50
    covariance = 0.3 * np.sqrt(variances[0] * variances[1])
    (a_low, a_high), (b_low, b_high) = wilson(45), wilson(40)
    down, up = 0.8 - b_low, a_high - 0.9
    low = -0.1 - np.sqrt(down**2 + up**2 - 2 * 0.3 * down * up)
    down, up = 0.9 - a_low, b_high - 0.8
    high = -0.1 + np.sqrt(down**2 + up**2 - 2 * 0.3 * down * up)
    found = square_and_add(0.9, 0.8, variances, covariance, reach, fewest=50)
    assert found == pytest.approx((low, high))


def test_near_one_a_loss_may_be_larger_than_a_gain():
    found = spread(before=0.99, after=0.99, variance=1e-4, shared=0.0)
    alone = spread(before=1.0, after=0.99, variance=0.0)
    low, high = alone.interval(0.95)
    assert low < -0.05
    assert high == pytest.approx(0.055, abs=0.01)
    assert found.interval(0.95)[0] == pytest.approx(-found.interval(0.95)[1])


@settings(deadline=None, max_examples=100)
@given(shares, shares, st.floats(1e-6, 0.02), st.floats(-0.9, 0.99), st.floats(2.0, 200.0))
def test_it_mirrors_when_the_sides_are_swapped_and_holds_the_difference(
    before, after, variance, shared, freedom
):
    there = spread(before, after, variance, shared, freedom).interval(0.95)
    back = spread(after, before, variance, shared, freedom).interval(0.95)
    assert back == pytest.approx((-there[1], -there[0]), abs=1e-9)
    assert -1.0 <= there[0] <= after - before + 1e-12
    assert after - before - 1e-12 <= there[1] <= 1.0


@settings(deadline=None, max_examples=30)
@given(st.floats(0.5, 1.0), st.floats(0.5, 1.0), st.floats(-0.3, 0.3))
def test_p_is_below_a_tail_just_where_the_interval_leaves_the_limit_out(before, after, limit):
    found = spread(before, after, 1e-3)
    low, high = found.interval(0.9)
    if abs(low - limit) > 1e-6:
        assert (found.p_at_most(limit) < 0.05) == (low > limit)
    if abs(high - limit) > 1e-6:
        assert (found.p_at_least(limit) < 0.05) == (high < limit)


def test_a_scale_from_minus_two_is_that_of_shares_stretched():
    plain = spread(0.9, 0.8, 1e-3).interval(0.95)
    stretched = spread(2 * 0.9 - 2, 2 * 0.8 - 2, 4e-3, lowest=-2.0, best=0.0).interval(0.95)
    assert stretched == pytest.approx((2 * plain[0], 2 * plain[1]))


@pytest.mark.parametrize("freedom", [1.0, 4.5, 60.0])
def test_students_t_is_that_of_scipy(freedom):
    assert t_quantile(0.975, freedom) == pytest.approx(t.ppf(0.975, freedom))
    assert t_above(1.3, freedom) == pytest.approx(t.sf(1.3, freedom))


def test_with_endless_freedom_students_t_is_normal():
    assert t_quantile(0.975, np.inf) == pytest.approx(norm.ppf(0.975))
    assert t_above(1.3, np.inf) == pytest.approx(norm.sf(1.3))
