"""Tests on paired differences: worked by hand, beside scipy and statsmodels, by brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics.hypothesis_test import HypothesisTest
from leanlung.statistics.kruskal_wallis import kruskal_wallis
from leanlung.statistics.paired_runs import PairedRuns
from leanlung.statistics.paired_t import corrected_t, equivalence, mean_difference, paired_t
from leanlung.statistics.sign_flip import sign_flip
from leanlung.statistics.signed_ranks import wilcoxon

SIDES = ("two-sided", "greater", "less")
TESTS = (paired_t, wilcoxon, sign_flip)
NAMES = [test.__name__ for test in TESTS]

# Whole numbers, so that ties and zeros are common and sums are exact.
changes = st.lists(st.integers(-6, 6), min_size=2, max_size=9).map(
    lambda drawn: np.array(drawn, dtype=float)
)


def drawn(n, seed, step=0.0):
    values = np.random.default_rng(seed).normal(0.3, 1.0, n)
    return np.round(values / step) * step if step else values


def as_number(p):
    """NaN where a p is undefined, as the t of equal differences is."""
    return float("nan") if p is None else p


def by_all_signs(moved, statistic, alternative):
    """Share of all signs whose statistic is as far out: a p-value straight from its meaning."""
    sizes, seen = np.abs(moved), statistic(moved)
    every = np.array(
        [
            statistic(sizes * np.array(signs))
            for signs in itertools.product((-1.0, 1.0), repeat=len(moved))
        ]
    )
    less, greater = (every <= seen + 1e-9).mean(), (every >= seen - 1e-9).mean()
    return {"less": less, "greater": greater, "two-sided": min(1, 2 * min(less, greater))}[
        alternative
    ]


# Three pairs by hand: differences 1, 2, 3; mean 2, standard deviation 1, t = 2 * sqrt 3; of the
# eight changes of sign only (+ + +) gives a sum of ranks, or a sum, as large.
@pytest.mark.parametrize(
    ("test", "statistic", "p"),
    [(paired_t, 2 * 3**0.5, 0.0741799), (wilcoxon, 6.0, 2 / 8), (sign_flip, 2.0, 2 / 8)],
    ids=NAMES,
)
def test_three_pairs_worked_by_hand(test, statistic, p):
    found = test(np.array([1.0, 2.0, 3.0]))
    assert (found.statistic, found.p) == pytest.approx((statistic, p), abs=1e-7)
    assert (found.n, found.alternative) == (3, "two-sided")


def test_the_corrected_t_of_three_pairs_worked_by_hand():
    # Standard error sqrt(1/3 + 1/4) = 0.763763 in place of sqrt(1/3); t = 2 / 0.763763.
    found = corrected_t(np.array([1.0, 2.0, 3.0]), test_train_ratio=0.25)
    assert found.statistic == pytest.approx(2.618615)
    # With two degrees of freedom the distribution is 1/2 + t / (2 sqrt(2 + t^2)).
    t = found.statistic
    assert found.p == pytest.approx(1 - t / (2 + t * t) ** 0.5)
    assert "0.25" in found.note


@pytest.mark.parametrize("alternative", SIDES)
@pytest.mark.parametrize("n", [2, 5, 10, 40])
def test_the_paired_t_is_scipys(n, alternative):
    d = drawn(n, seed=n)
    found = paired_t(d, null=-0.4, alternative=alternative)
    expected = stats.ttest_1samp(d, -0.4, alternative=alternative)
    assert (found.statistic, found.p) == pytest.approx((expected.statistic, expected.pvalue))


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_interval_and_bound_of_the_mean_are_scipys(level):
    d = drawn(8, seed=1)
    mean = mean_difference(d)
    expected = stats.ttest_1samp(d, 0.0)
    assert mean.interval(level) == pytest.approx(tuple(expected.confidence_interval(level)))
    one_sided = stats.ttest_1samp(d, 0.0, alternative="greater").confidence_interval(level)
    assert mean.lower_bound(level) == pytest.approx(one_sided.low)


@pytest.mark.parametrize("margin", [0.2, 0.7, 3.0])
def test_equivalence_is_the_tost_of_statsmodels(margin):
    before, after = np.zeros(9), drawn(9, seed=2)
    expected, *_ = ttost_paired(after, before, -margin, margin)
    assert equivalence(mean_difference(after), margin).p == pytest.approx(expected)


def test_equivalence_takes_the_worse_side():
    gain = equivalence(mean_difference(np.array([2.0, 2.1, 1.9])), 1.0)
    assert (gain.alternative, gain.statistic > 0) == ("less", True)
    assert gain.p > 0.99


@pytest.mark.parametrize("alternative", SIDES)
@pytest.mark.parametrize("n", [3, 9, 14])
def test_signed_ranks_without_ties_are_scipys_exact_ones(n, alternative):
    d = drawn(n, seed=n)
    expected = stats.wilcoxon(d, alternative=alternative, method="exact")
    assert wilcoxon(d, alternative=alternative).p == pytest.approx(expected.pvalue)


@pytest.mark.parametrize("alternative", SIDES)
@pytest.mark.parametrize("seed", range(4))
def test_signed_ranks_with_ties_and_zeros_count_all_signs(seed, alternative):
    d = drawn(10, seed=seed, step=0.5)
    assert len(np.unique(np.abs(d))) < len(d)
    moved = d[d != 0]
    ranks = stats.rankdata(np.abs(moved))
    expected = by_all_signs(moved, lambda x: ranks[x > 0].sum(), alternative)
    found = wilcoxon(d, alternative=alternative)
    assert found.p == pytest.approx(expected)
    assert found.method == "exact"


def test_signed_ranks_leave_zeros_out_and_say_so():
    found = wilcoxon(np.array([0.0, 1.0, 0.0, 2.0, 3.0]))
    assert (found.n, found.statistic, found.p) == (5, 6.0, 0.25)
    assert found.note == "2 without a difference left out"


def test_many_signed_ranks_follow_the_normal_curve_as_scipys_do():
    d = drawn(150, seed=0, step=0.25)
    found = wilcoxon(d, null=0.2)
    shifted = np.round(d - 0.2, 9)
    expected = stats.wilcoxon(shifted, method="asymptotic", correction=True)
    assert found.method == "asymptotic"
    assert found.p == pytest.approx(expected.pvalue, rel=1e-9)


def test_the_exact_count_meets_the_normal_curve_where_it_hands_over():
    d = drawn(101, seed=3)
    near, beyond = wilcoxon(d[:100]), wilcoxon(d)
    assert (near.method, beyond.method) == ("exact", "asymptotic")
    expected = stats.wilcoxon(d[:100], method="asymptotic", correction=True).pvalue
    assert near.p == pytest.approx(expected, rel=0.05)


def test_signed_ranks_measured_from_a_margin_tie_as_decimals_do():
    # From -1 these are 0.7, -0.7 and 0.7: three ties, which in binary they are not.
    found = wilcoxon(np.array([-0.3, -1.7, -0.3]), null=-1.0, alternative="greater")
    assert (found.statistic, found.p) == (4.0, 0.5)


@pytest.mark.parametrize("alternative", SIDES)
def test_sign_flip_is_scipys_permutation_test(alternative):
    d = drawn(10, seed=5)
    expected = stats.permutation_test(
        (d,), np.mean, permutation_type="samples", alternative=alternative, n_resamples=np.inf
    )
    found = sign_flip(d, alternative=alternative)
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.method, found.statistic) == ("exact", pytest.approx(d.mean()))


@given(d=changes, alternative=st.sampled_from(SIDES))
def test_sign_flip_counts_all_signs_with_ties_and_zeros(d, alternative):
    assert sign_flip(d, alternative=alternative).p == pytest.approx(
        by_all_signs(d, np.sum, alternative)
    )


def test_beyond_twenty_runs_random_signs_come_close_to_all_of_them():
    d = drawn(20, seed=7)
    more = np.concatenate([d, [1e-3]])  # so small that it hardly matters
    exact, random = sign_flip(d), sign_flip(more)
    assert (exact.method, random.method) == ("exact", "monte_carlo")
    assert random.p == pytest.approx(exact.p, abs=0.006)
    assert random.p == sign_flip(more[::-1]).p
    assert random.p != sign_flip(more, seed=1).p


def test_random_signs_never_give_a_p_of_zero():
    found = sign_flip(np.linspace(5, 6, 40), alternative="greater", draws=999)
    assert found.p == 1 / 1000


def test_zeros_do_not_count_against_the_twenty():
    d = np.concatenate([drawn(12, seed=1), np.zeros(20)])
    assert sign_flip(d).method == "exact"
    assert sign_flip(d).p == sign_flip(d[:12]).p


def test_kruskal_wallis_is_scipys_with_ties_and_says_what_it_is():
    before, after = drawn(10, 0, step=0.5), drawn(10, 1, step=0.5)
    found = kruskal_wallis(PairedRuns("a", before, after))
    expected = stats.kruskal(before, after)
    assert (found.statistic, found.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert found.note.startswith("as published")


def test_where_nothing_varies_there_is_no_t_but_signs_still_speak():
    same = np.full(6, 0.5)
    assert (paired_t(same).p, paired_t(same).statistic) == (None, None)
    assert equivalence(mean_difference(same), 1.0).p is None
    assert sign_flip(same).p == wilcoxon(same).p == 2 / 2**6
    still = np.zeros(6)
    assert sign_flip(still).p == wilcoxon(still).p == 1.0
    alike = PairedRuns("a", np.full(3, 2.0), np.full(3, 2.0))
    assert kruskal_wallis(alike).p is None


@pytest.mark.parametrize("test", TESTS, ids=NAMES)
@given(d=changes, order=st.randoms(use_true_random=False))
def test_the_order_of_runs_changes_nothing(test, d, order):
    moved = d.tolist()
    order.shuffle(moved)
    one, other = test(d), test(np.array(moved))
    assert as_number(one.p) == pytest.approx(as_number(other.p), rel=1e-9, nan_ok=True)


@pytest.mark.parametrize("test", TESTS, ids=NAMES)
@given(d=changes)
def test_swapping_before_and_after_swaps_the_sides(test, d):
    forth, back = test(d, alternative="greater"), test(-d, alternative="less")
    assert as_number(forth.p) == pytest.approx(as_number(back.p), nan_ok=True)
    assert as_number(test(d).p) == pytest.approx(as_number(test(-d).p), nan_ok=True)


@pytest.mark.parametrize("test", TESTS, ids=NAMES)
@given(d=changes, null=st.integers(-3, 3))
def test_measured_from_a_null_is_tested_as_shifted(test, d, null):
    found, expected = test(d, null=null), test(d - null)
    assert as_number(found.p) == pytest.approx(as_number(expected.p), nan_ok=True)


@pytest.mark.parametrize("test", TESTS, ids=NAMES)
@given(d=changes)
def test_a_p_is_a_share_and_two_sides_are_at_most_twice_one(test, d):
    two, greater, less = (test(d, alternative=side).p for side in SIDES)
    if two is not None:
        assert 0 < two <= 1
        assert two == pytest.approx(min(1, 2 * min(greater, less)))
        assert greater + less >= 1 - 1e-9


@pytest.mark.parametrize("test", TESTS, ids=NAMES)
@pytest.mark.parametrize("d", [[1.0], [1.0, np.nan], [1.0, np.inf]])
def test_what_is_no_list_of_differences_is_refused(test, d):
    with pytest.raises(StatisticsError, match="difference"):
        test(np.array(d))


@pytest.mark.parametrize("test", TESTS, ids=NAMES)
def test_an_unknown_side_is_refused(test):
    with pytest.raises(StatisticsError, match="two-sided"):
        test(np.array([1.0, 2.0]), alternative="bigger")


@pytest.mark.parametrize("ratio", [0.0, -0.1, np.nan, np.inf])
def test_a_ratio_that_is_none_is_refused(ratio):
    with pytest.raises(StatisticsError, match="above 0"):
        corrected_t(np.array([1.0, 2.0]), test_train_ratio=ratio)


@pytest.mark.parametrize(("statistic", "p"), [(1.0, 1.5), (np.nan, 0.5), (1.0, np.nan)])
def test_a_test_holds_no_impossible_number(statistic, p):
    with pytest.raises(StatisticsError, match="undefined one is None"):
        HypothesisTest("t", statistic, p, "greater", "t", 3)
