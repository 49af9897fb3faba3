"""McNemar's p-values are those of statsmodels, and the published ones."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from leanlung.statistics import mcnemar_exact, mcnemar_mid_p

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from statsmodels.stats.contingency_tables import mcnemar

sides = st.integers(0, 60)


@settings(deadline=None, max_examples=100)
@given(sides, sides)
def test_the_exact_p_is_that_of_statsmodels(gained, lost):
    expected = mcnemar([[10, gained], [lost, 10]], exact=True).pvalue
    assert mcnemar_exact(gained, lost) == pytest.approx(expected)


@settings(deadline=None, max_examples=100)
@given(sides, sides)
def test_the_mid_p_counts_what_was_seen_by_half(gained, lost):
    n, fewer = gained + lost, min(gained, lost)
    one_sided = binom.cdf(fewer, n, 0.5) - 0.5 * binom.pmf(fewer, n, 0.5)
    expected = 1.0 if gained == lost else 2.0 * one_sided
    assert mcnemar_mid_p(gained, lost) == pytest.approx(expected)


def test_they_are_the_published_ones():
    """Cavo et al. 2012 in Fagerland, Lydersen & Laake 2017: 6 and 16 discordant."""
    assert mcnemar_exact(6, 16) == pytest.approx(0.052479, abs=5e-7)
    assert mcnemar_mid_p(6, 16) == pytest.approx(0.034690, abs=5e-7)


def test_a_million_discordant_studies_are_no_trouble():
    assert mcnemar_exact(500_000, 500_000) == 1.0
    assert mcnemar_exact(2_000, 3_000) < 1e-40
