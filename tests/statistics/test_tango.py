"""Tango's interval is that of published tables, and solves the score equation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import norm

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import tango_interval
from leanlung.statistics.tango import ScoreSpread, tango_score


@pytest.mark.parametrize(
    ("gained", "lost", "studies", "level", "low", "high", "digits"),
    [
        # Fagerland, Lydersen & Laake 2017, Statistical Analysis of Contingency Tables, chapter
        # 8, as the R packages contingencytables and ratesci give them: Cavo et al. 2012 and
        # Bentur et al. 2009.
        (6, 16, 161, 0.95, -0.1240, -0.0054, 4),
        (1, 7, 21, 0.95, -0.517, -0.026, 3),
        # PropCIs::scoreci.mp(25, 28, 618) in R, at 90 %.
        (28, 25, 618, 0.90, -0.0148, 0.0247, 4),
    ],
)
def test_it_gives_published_intervals(gained, lost, studies, level, low, high, digits):
    found = tango_interval(gained, lost, studies, level)
    assert found == pytest.approx((low, high), abs=0.5 * 10**-digits)


counts = st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(1, 40))


def score_by_likelihood(gained, lost, studies, difference):
    """The other road: the share of losses that is likeliest under the difference, by search."""
    both = studies - gained - lost

    def unlikely(share):
        parts = (share + difference, share, 1 - 2 * share - difference)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = [
                n * np.log(p) if n else 0.0
                for n, p in zip((gained, lost, both), parts, strict=True)
            ]
        return -sum(logs) if min(parts) > 0 else 1e9

    room = max(0.0, -difference), (1 - difference) / 2
    share = minimize_scalar(unlikely, bounds=room, method="bounded", options={"xatol": 1e-12}).x
    variance = studies * (2 * share + difference - difference**2)
    return (gained - lost - studies * difference) / np.sqrt(variance)


@settings(deadline=None, max_examples=60)
@given(counts, st.sampled_from([0.8, 0.95]))
def test_its_ends_solve_the_score_equation(found, level):
    gained, lost, both = found
    studies = gained + lost + both
    low, high = tango_interval(gained, lost, studies, level)
    reach = norm.ppf((1 + level) / 2)
    for end, sign in ((low, 1.0), (high, -1.0)):
        if abs(end) < 1.0 - 1e-9:
            score = score_by_likelihood(gained, lost, studies, end)
            assert score == pytest.approx(sign * reach, abs=2e-3)


def test_without_discordance_it_is_wilsons_interval():
    """27 studies answered alike: z² / (n + z²), worked by hand."""
    reach = 1.959964**2 / (27 + 1.959964**2)
    assert tango_interval(0, 0, 27) == pytest.approx((-reach, reach), abs=1e-6)


@settings(deadline=None, max_examples=100)
@given(counts)
def test_it_mirrors_when_the_models_are_swapped_and_holds_the_difference(found):
    gained, lost, both = found
    studies = gained + lost + both
    low, high = tango_interval(gained, lost, studies)
    assert tango_interval(lost, gained, studies) == pytest.approx((-high, -low), abs=1e-9)
    assert -1.0 <= low <= (gained - lost) / studies <= high <= 1.0


@settings(deadline=None, max_examples=60)
@given(counts, st.floats(-0.9, 0.9))
def test_p_is_below_a_tail_just_where_the_interval_leaves_the_limit_out(found, limit):
    gained, lost, both = found
    spread = ScoreSpread(gained, lost, gained + lost + both)
    low, high = spread.interval(0.9)
    if abs(low - limit) > 1e-6:
        assert (spread.p_at_most(limit) < 0.05) == (low > limit)
    if abs(high - limit) > 1e-6:
        assert (spread.p_at_least(limit) < 0.05) == (high < limit)


def test_the_score_is_zero_where_nothing_more_was_seen_than_assumed():
    assert tango_score(3, 5, 100, -0.02) == pytest.approx(0.0)
    found = brentq(lambda d: float(tango_score(3, 5, 100, d)), -0.5, 0.5)
    assert found == pytest.approx(-0.02)


@pytest.mark.parametrize("bad", [(-1, 0, 5), (3, 3, 5), (0, 0, 0)])
def test_counts_that_cannot_be_are_refused(bad):
    with pytest.raises(StatisticsError, match="counts from 0 that sum to the studies at most"):
        tango_interval(*bad)
