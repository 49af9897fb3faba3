"""Evidence goes with its verdict: p, bound, interval and Holm's step all say the same."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import compare, holm, mcnemar_exact, weigh

METRICS = ["macro_auc", "accuracy", "sensitivity:class-1", "brier", "mcc"]


@pytest.fixture
def pair(chance):
    return chance(120), chance(120, seed=1, model="small")


@settings(deadline=None, max_examples=25)
@given(
    metric=st.sampled_from(METRICS),
    patients=st.sampled_from([40, 120]),
    seed=st.integers(0, 30),
    margin=st.sampled_from([0.02, 0.1, 0.3]),
)
def test_the_p_is_below_the_tail_just_where_non_inferiority_is_shown(
    chance, metric, patients, seed, margin
):
    large = chance(120, patients=patients, seed=seed)
    small = chance(120, patients=patients, seed=seed + 50, model="small", skill=0.9)
    [found] = weigh(large, small, [metric], margins=[margin], resamples=100).evidence
    shown = found.comparison.verdict == "non_inferior"
    assert (found.p_non_inferior < 0.025) == shown
    assert found.shown == shown
    alone = compare(large, small, metric=metric, margin=margin, resamples=100)
    assert found.comparison == alone


def test_the_bound_is_one_sided(pair):
    [found] = weigh(*pair, ["accuracy"], margins=[0.1]).evidence
    ninety = compare(*pair, metric="accuracy", margin=0.1, level=0.9)
    assert found.lower_bound == ninety.difference.low
    assert found.lower_bound > found.comparison.difference.low


def test_several_verdicts_are_corrected_by_holm(pair):
    weighed = weigh(*pair, METRICS, margins=[0.2], resamples=400)
    found = weighed.evidence
    assert [one.comparison.metric for one in found] == METRICS
    p_values = [one.p_non_inferior for one in found]
    assert [one.p_holm for one in found] == pytest.approx(holm(p_values))
    verdicts = {one.comparison.verdict for one in found}
    assert len(verdicts) > 1
    for one in found:
        assert (one.p_holm < 0.025) == (one.comparison.verdict == "non_inferior")
        assert one.comparison.difference.method.endswith("; Holm over 5 metrics")
    widest = max(one.comparison.difference.level for one in found)
    assert widest == pytest.approx(1 - 0.05 / 5)
    assert not weighed.shown


def test_a_margin_may_be_set_for_each_metric(pair):
    found = weigh(*pair, ["accuracy", "mcc"], margins=[0.1, 0.3], resamples=100).evidence
    assert [one.comparison.margin for one in found] == [0.1, 0.3]


def test_proportions_come_with_mcnemars_tests(pair):
    [found] = weigh(*pair, ["accuracy"], margins=[0.1]).evidence
    right = [each.predicted == each.labels for each in pair]
    gained, lost = (int((one & ~other).sum()) for one, other in (right[::-1], right))
    assert found.tests["mcnemar_exact"] == mcnemar_exact(gained, lost)
    assert set(found.tests) == {"mcnemar_exact", "mcnemar_mid_p"}


def test_what_is_resampled_has_its_bca_interval_beside_it(chance):
    pair = chance(120, patients=60), chance(120, patients=60, seed=1, model="small")
    [found] = weigh(*pair, ["accuracy"], margins=[0.1], resamples=1000).evidence
    difference = found.comparison.difference
    # Far from 1 and with 60 patients the two are much alike.
    reach = difference.high - difference.low
    assert found.bca == pytest.approx((difference.low, difference.high), abs=0.15 * reach)
    [exact] = weigh(*pair, ["accuracy"], margins=[0.1], resamples=1000, seed=0).evidence
    assert exact.bca == found.bca


def test_equivalence_takes_both_sides(chance):
    large = chance(600, skill=3.0)
    better = chance(600, skill=3.0, seed=1, model="small")
    alike = replace(large, model="small", probabilities=_nudged(large))
    [found] = weigh(large, alike, ["accuracy"], margins=[0.05], equivalence=True).evidence
    assert found.equivalent
    assert found.shown
    assert found.p_equivalent < 0.025
    weak = chance(600, skill=0.5, seed=2, model="weak")
    [found] = weigh(weak, better, ["accuracy"], margins=[0.05], equivalence=True).evidence
    assert found.comparison.verdict == "non_inferior"
    assert not found.equivalent
    assert not found.shown
    assert found.p_equivalent > 0.9
    assert any("equivalence not shown within ±0.05" in line for line in found.lines())


def _nudged(predictions):
    shares = predictions.probabilities.copy()
    shares[:3] = shares[:3, ::-1]
    return shares


@pytest.mark.parametrize(("studies", "cannot"), [(30, True), (3000, False)])
def test_a_study_too_small_to_answer_says_so(chance, studies, cannot):
    pair = chance(studies, skill=2.0), chance(studies, skill=2.0, seed=1, model="small")
    [found] = weigh(*pair, ["accuracy"], margins=[0.05]).evidence
    assert found.cannot_answer == cannot
    assert any("cannot answer" in line for line in found.lines()) == cannot
    assert found.power.patients == studies


def test_one_class_only_has_no_evidence_on_an_area_and_says_why(answers):
    large, small = (answers([0] * 20, [0] * 20, model=model) for model in ("large", "small"))
    [found] = weigh(large, small, ["macro_auc"], margins=[0.05], equivalence=True).evidence
    assert found.comparison.verdict == "inconclusive"
    assert "it takes studies of two classes" in found.comparison.difference.method
    assert (found.p_non_inferior, found.lower_bound, found.power) == (1.0, None, None)
    assert found.lines() == []
    assert not found.shown


def test_it_is_ready_for_json(chance):
    pair = chance(60, patients=30), chance(60, patients=30, seed=1, model="small")
    weighed = weigh(*pair, ["macro_auc", "accuracy"], margins=[0.1], resamples=100)
    for one in weighed.evidence:
        entries = json.loads(json.dumps(one.as_dict(), allow_nan=False))
        assert entries["p_holm"] == one.p_holm
        assert entries["power"]["patients"] == one.power.patients
        assert len(entries["bca"]) == 2


def test_other_metrics_are_looked_at_with_the_first_margin(pair):
    found = weigh(*pair, ["accuracy"], margins=[0.07], elsewhere=["mcc"], resamples=100)
    [other] = found.elsewhere
    assert (other.metric, other.margin) == ("mcc", 0.07)
    assert other.difference.level == 0.95


@settings(deadline=None, max_examples=20)
@given(
    metric=st.sampled_from(METRICS), order=st.permutations([0, 1, 2]), seed=st.integers(0, 9)
)
def test_neither_the_order_of_rows_nor_that_of_classes_changes_anything(
    chance, metric, order, seed
):
    pair = chance(60, patients=30), chance(60, patients=30, seed=1, model="small")
    rows = np.random.default_rng(seed).permutation(60)
    turned = [
        replace(
            each,
            classes=tuple(each.classes[index] for index in order),
            labels=np.argsort(order)[each.labels],
            probabilities=each.probabilities[:, order],
        ).rows(rows)
        for each in pair
    ]
    one, other = (
        weigh(*both, [metric], margins=[0.1], resamples=60).evidence[0]
        for both in (pair, turned)
    )
    assert other.p_non_inferior == pytest.approx(one.p_non_inferior)
    assert other.lower_bound == pytest.approx(one.lower_bound)
    assert other.bca == pytest.approx(one.bca)


@pytest.mark.parametrize(
    ("metrics", "margins", "message"),
    [
        (["accuracy", "accuracy"], [0.1], "one or more are expected, each once"),
        ([], [0.1], "one or more are expected, each once"),
        (["accuracy", "mcc"], [0.1, 0.1, 0.1], "3 margins for 2 metrics; give one for all"),
        (["accuracy"], [0.0], "margin is the largest loss accepted, a positive share"),
        (["accuracy"], [-0.02], "margin is the largest loss accepted, a positive share"),
    ],
)
def test_a_mistake_is_told(pair, metrics, margins, message):
    with pytest.raises(StatisticsError, match=message):
        weigh(*pair, metrics, margins=margins)
