"""Groups of runs: the verdict follows from the interval, the published tables come out."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from leanlung.foundations.errors import StatisticsError
from leanlung.foundations.tables import read_table
from leanlung.statistics.compare_runs import compare_runs
from leanlung.statistics.paired_runs import PairedRuns, read_paired_runs
from leanlung.statistics.runs_comparison import about_runs, runs_sentence

EXAMPLES = Path(__file__).parents[2] / "examples"
TABLES = EXAMPLES / "garcia2023-tables.csv"
WITHOUT_SHARED = EXAMPLES / "garcia2023-without-shared-rows.csv"

figures = st.lists(
    st.tuples(st.integers(800, 999), st.integers(800, 999)), min_size=2, max_size=9
).filter(lambda pairs: len({after - before for before, after in pairs}) > 1)


def runs(*changes, group="g", start=90.0):
    before = np.full(len(changes), start)
    return PairedRuns(group, before, before + np.array(changes))


def garcia(margin=1.0, path=TABLES):
    return {one.group: one for one in compare_runs(read_paired_runs(path), margin=margin)}


# García-Ramírez et al. 2023, Table 5, printed without rounding.
@pytest.mark.parametrize(
    ("group", "published"),
    [
        ("CT", 0.9094),
        ("Kaggle v1", 0.2252),
        ("Kaggle v3 raw", 0.9397),
        ("Kaggle v3 masked", 0.6772),
    ],
)
def test_the_published_kruskal_wallis_p_comes_out_to_four_digits(group, published):
    assert math.floor(garcia()[group].p["kruskal_wallis"] * 1e4) / 1e4 == published


# Means as of the printed tables; bound, verdict and p worked out with other software.
@pytest.mark.parametrize(
    ("group", "before", "after", "worst", "worse", "bound", "t", "ni", "verdict"),
    [
        ("CT", 92.618, 92.711, -0.76, 4, -0.24, 0.62, 0.0001, "non_inferior"),
        ("Kaggle v1", 97.517, 96.607, -3.44, 8, -1.60, 0.038, 0.41, "inconclusive"),
        ("Kaggle v3 raw", 93.799, 93.851, -0.26, 5, -0.09, 0.51, 0.0, "non_inferior"),
        ("Kaggle v3 masked", 90.818, 90.973, -0.21, 4, -0.06, 0.21, 0.0, "non_inferior"),
    ],
)
def test_one_published_no_difference_is_a_loss_and_three_are_none(
    group, before, after, worst, worse, bound, t, ni, verdict
):
    found = garcia()[group]
    assert (found.before, found.after) == pytest.approx((before, after))
    assert (found.worst, found.worse, found.verdict) == (worst, worse, verdict)
    assert found.difference.bound == pytest.approx(bound, abs=0.005)
    assert found.p["paired_t"] == pytest.approx(t, abs=0.005)
    assert found.p["non_inferiority_t"] == pytest.approx(ni, abs=0.005)


def test_the_loss_of_kaggle_v1_is_significant_whichever_exact_test_is_asked():
    found = garcia()["Kaggle v1"]
    assert found.p["wilcoxon"] == found.p["sign_flip"] == 6 / 512
    assert found.adjusted["wilcoxon"] == pytest.approx(4 * 6 / 512)
    assert found.difference.high < 0
    assert found.worst_run == 10
    assert garcia(margin=2.0)["Kaggle v1"].p["non_inferiority_t"] == pytest.approx(
        0.009, abs=0.001
    )
    told = runs_sentence(found)
    assert told.startswith("Kaggle v1: inconclusive")
    assert "8 of them worse" in told
    assert "a loss is likely, its size is open" in told


def test_every_p_of_the_tables_is_scipys():
    for one, data in zip(garcia().values(), read_paired_runs(TABLES), strict=True):
        d = data.differences
        expected = {
            "paired_t": stats.ttest_rel(data.after, data.before).pvalue,
            "sign_flip": stats.permutation_test(
                (d,), np.sum, permutation_type="samples", n_resamples=np.inf
            ).pvalue,
            "wilcoxon": stats.wilcoxon(d, method=stats.PermutationMethod(np.inf)).pvalue,
            "non_inferiority_t": stats.ttest_1samp(d, -1, alternative="greater").pvalue,
            "kruskal_wallis": stats.kruskal(data.before, data.after).pvalue,
        }
        assert {name: one.p[name] for name in expected} == pytest.approx(expected, abs=1e-9)


def test_without_the_rows_that_two_tables_share_the_verdicts_stand():
    found = garcia(path=WITHOUT_SHARED)
    assert {one.verdict for one in found.values()} == {"non_inferior"}
    assert found["Kaggle v3 masked"].difference.bound == pytest.approx(-0.08, abs=0.005)
    assert found["Kaggle v3 raw"].difference.runs == 8


def test_the_second_example_is_the_first_without_the_rows_that_are_there_twice():
    every = read_table(TABLES)
    places = {}
    for row in every:
        places.setdefault((row["before"], row["after"]), set()).add(row["table"])
    shared = {pair for pair, tables in places.items() if tables == {"3", "4"}}
    assert len(shared) == 2
    assert read_table(WITHOUT_SHARED) == [
        row
        for row in every
        if row["table"] in "34" and (row["before"], row["after"]) not in shared
    ]


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ((0.1, -0.1, 0.2, 0.0), "non_inferior"),
        ((-0.5, -0.6, -0.4, -0.5), "non_inferior"),
        ((-2.1, -2.0, -1.9, -2.2), "inferior"),
        ((-1.5, 0.5, -1.0, -0.2), "inconclusive"),
        ((5.0, -5.0), "inconclusive"),
    ],
)
def test_the_verdict_follows_from_interval_and_margin(changes, verdict):
    [found] = compare_runs([runs(*changes)], margin=1.0)
    expected = stats.ttest_1samp(changes, 0.0).confidence_interval(0.95)
    assert found.difference.ends == pytest.approx(tuple(expected))
    assert found.verdict == verdict
    told = runs_sentence(found)
    assert told.startswith(f"g: {verdict.replace('_', '-')}")
    assert f"{len(changes)} runs" in told


def test_a_verdict_that_the_interval_does_not_give_cannot_be_made():
    [found] = compare_runs([runs(-1.5, 0.5, -1.0)], margin=1.0)
    with pytest.raises(StatisticsError, match="inconclusive"):
        replace(found, verdict="non_inferior")


def test_runs_that_draw_their_parts_anew_get_the_wider_interval():
    data = [runs(-0.5, 0.1, -0.8, -0.2)]
    [plain] = compare_runs(data, margin=1.0)
    [found] = compare_runs(data, margin=1.0, test_train_ratio=0.25)
    # 1/n + ratio = 1/2 in place of 1/n = 1/4.
    widths = [one.difference.high - one.difference.low for one in (plain, found)]
    assert widths[1] == pytest.approx(widths[0] * 2**0.5)
    assert (plain.verdict, found.verdict) == ("non_inferior", "inconclusive")
    assert "corrected_t" not in plain.p
    assert found.p["corrected_t"] > plain.p["paired_t"] == found.p["paired_t"]
    assert "corrected resampled t" in runs_sentence(found)


def test_p_are_adjusted_by_holm_over_the_groups():
    data = [runs(-0.5, -0.1, -0.8, -0.2, group="a"), runs(0.3, -0.1, 0.2, group="b"),
            runs(-2, -2.1, -1.9, group="c")]  # fmt: skip
    found = compare_runs(data, margin=1.0)
    for name in ("paired_t", "sign_flip", "non_inferiority_wilcoxon", "equivalence_t"):
        expected = multipletests([one.p[name] for one in found], method="holm")[1]
        assert [one.adjusted[name] for one in found] == pytest.approx(list(expected))
    assert all("kruskal_wallis" not in one.adjusted for one in found)


@pytest.mark.parametrize("change", [0.0, -3.0])
def test_pairs_that_all_differ_alike_have_no_interval_and_no_verdict(change):
    found, other = compare_runs(
        [runs(*[change] * 5), runs(0.1, 0.0, 0.2, group="other")], margin=1.0
    )
    assert (found.verdict, found.difference.ends) == ("inconclusive", (None, None))
    assert found.p["paired_t"] is None
    assert found.adjusted["paired_t"] is None
    assert found.p["sign_flip"] is not None
    assert f"all 5 runs differ by exactly {change:g}" in runs_sentence(found)
    assert other.adjusted["paired_t"] == pytest.approx(min(1, 2 * other.p["paired_t"]))


def test_json_holds_every_p_by_name():
    [found] = compare_runs([runs(-0.5, 0.1, -0.8)], margin=1.0)
    entries = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert set(entries) == {
        "group", "before", "after", "difference", "margin", "verdict", "worse", "equal",
        "worst_run", "worst", "p", "p_holm", "tests",
    }  # fmt: skip
    assert set(entries["difference"]) == {
        "value", "low", "high", "bound", "level", "method", "runs",
    }  # fmt: skip
    assert list(entries["p"]) == [
        "paired_t", "wilcoxon", "sign_flip", "non_inferiority_t", "non_inferiority_wilcoxon",
        "non_inferiority_sign_flip", "equivalence_t", "kruskal_wallis",
    ]  # fmt: skip
    assert [one["p"] for one in entries["tests"]] == list(entries["p"].values())


def test_that_runs_are_the_unit_is_said():
    assert "nothing about patients" in about_runs(40)
    assert "40 pairs" in about_runs(40)


@given(pairs=figures, order=st.randoms(use_true_random=False))
def test_the_order_of_runs_changes_nothing(pairs, order):
    moved = list(pairs)
    order.shuffle(moved)
    found, other = (
        compare_runs([PairedRuns("g", *np.array(each, dtype=float).T)], margin=10.0)[0]
        for each in (pairs, moved)
    )
    assert found.p == pytest.approx(other.p)
    assert found.difference.ends == pytest.approx(other.difference.ends)
    assert (found.worse, found.worst) == (other.worse, other.worst)


@given(pairs=figures)
def test_swapping_before_and_after_turns_the_difference_round(pairs):
    before, after = np.array(pairs, dtype=float).T
    [forth] = compare_runs([PairedRuns("g", before, after)], margin=10.0)
    [back] = compare_runs([PairedRuns("g", after, before)], margin=10.0)
    assert back.difference.value == pytest.approx(-forth.difference.value)
    assert back.difference.low == pytest.approx(-forth.difference.high)
    for name in ("paired_t", "wilcoxon", "sign_flip", "kruskal_wallis", "equivalence_t"):
        assert back.p[name] == pytest.approx(forth.p[name])


@given(pairs=figures, constant=st.integers(-700, 700))
def test_the_same_added_to_both_changes_no_paired_test(pairs, constant):
    before, after = np.array(pairs, dtype=float).T / 10
    [found] = compare_runs([PairedRuns("g", before, after)], margin=1.0)
    [moved] = compare_runs(
        [PairedRuns("g", before + constant / 10, after + constant / 10)], margin=1.0
    )
    assert moved.p == pytest.approx(found.p)
    assert moved.verdict == found.verdict
    assert moved.difference.ends == pytest.approx(found.difference.ends)


@given(pairs=figures)
def test_percent_and_shares_say_the_same(pairs):
    before, after = np.array(pairs, dtype=float).T
    [percent] = compare_runs([PairedRuns("g", before / 10, after / 10)], margin=1.0)
    [share] = compare_runs([PairedRuns("g", before / 1000, after / 1000)], margin=0.01)
    assert share.p == pytest.approx(percent.p)
    assert share.verdict == percent.verdict


@pytest.mark.parametrize("margin", [0.0, -1.0, math.nan, math.inf])
def test_a_margin_that_is_not_above_zero_is_refused(margin):
    with pytest.raises(StatisticsError, match="above 0"):
        compare_runs([runs(0.1, 0.2)], margin=margin)


def test_a_margin_in_another_unit_than_the_table_is_refused():
    percent, shares = runs(0.1, 0.2), runs(0.1, -0.1, group="b", start=0.8)
    with pytest.raises(StatisticsError, match=r"group 'b'.*in the unit of the table"):
        compare_runs([percent, shares], margin=1.0)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_a_level_that_is_no_share_is_refused(level):
    with pytest.raises(StatisticsError, match="level"):
        compare_runs([runs(0.1, 0.2)], margin=1.0, level=level)


@pytest.mark.parametrize("groups", [[], [runs(0.1, 0.2), runs(0.3, 0.2)]])
def test_no_group_and_two_of_one_name_are_refused(groups):
    with pytest.raises(StatisticsError, match="a name of its own"):
        compare_runs(groups, margin=1.0)
