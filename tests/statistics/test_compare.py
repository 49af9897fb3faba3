"""Two models are compared study by study, and the verdict follows from the interval."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import (
    auc,
    compare,
    measure,
    metric_names,
    sentence,
    tango_interval,
)
from leanlung.statistics.delong import auc_influences

CLASSES = ("class-0", "class-1", "class-2")


def ends(estimate):
    return estimate.value, estimate.low, estimate.high


def with_errors(answers, model, wrong, n=1000):
    """A binary classifier that is wrong on the studies given, of as many patients."""
    labels = np.arange(n) % 2
    answered = np.where(np.isin(np.arange(n), list(wrong)), 1 - labels, labels)
    return answers(labels, answered, model=model)


@pytest.mark.parametrize(
    ("lost", "gained", "verdict", "direction"),
    [
        (range(5), range(0), "non_inferior", "a small loss is likely"),
        (range(5), range(500, 505), "non_inferior", None),
        (range(1), range(500, 520), "non_inferior", "a gain is likely"),
        (range(40), range(500, 520), "inconclusive", "a loss is likely, its size is open"),
        (range(60), range(500, 550), "inconclusive", None),
        (range(100), range(0), "inferior", None),
    ],
)
def test_the_verdict_follows_from_errors_lost_and_gained(
    answers, lost, gained, verdict, direction
):
    large = with_errors(answers, "large", gained)
    small = with_errors(answers, "small", lost)
    found = compare(large, small, metric="accuracy", margin=0.02)
    assert found.difference.value == pytest.approx((len(gained) - len(lost)) / 1000)
    assert found.verdict == verdict
    assert ("likely" in sentence(found)) == (direction is not None)
    assert (direction or "") in sentence(found)


def test_one_image_more_of_504_is_no_gain(answers):
    """Rajaraman et al. 2020, table IV: VGG-16 has 489 of 504 right, pruned 490."""
    large = with_errors(answers, "vgg16", range(15), n=504)
    small = with_errors(answers, "vgg16-pruned", range(14), n=504)
    found = compare(large, small, metric="accuracy", margin=0.02)
    assert found.difference.value == pytest.approx(1 / 504)
    assert found.verdict == "non_inferior"
    assert found.difference.low < 0.0
    assert "likely" not in sentence(found)


def test_its_parts_are_named_after_the_models_and_measured_as_alone(chance):
    large, small = chance(60, patients=30), chance(60, patients=30, seed=1, model="small")
    found = compare(large, small, metric="mcc", margin=0.05, resamples=100, level=0.9)
    [alone] = measure(small, metrics=["mcc"], resamples=100, level=0.9)
    assert (found.metric, found.margin) == ("mcc", 0.05)
    assert found.baseline.name == "large"
    assert found.candidate == replace(alone, name="small")
    assert found.difference.name == "small minus large"
    assert (found.difference.studies, found.difference.patients) == (60, 30)


def test_areas_are_compared_by_delong_where_patients_do_not_repeat(chance):
    large, small = chance(90), chance(90, seed=1, model="small", skill=0.5)
    found = compare(large, small, metric="auc:class-1", margin=0.05)
    positive = large.labels == 1
    values = [auc(positive, each.probabilities[:, 1]) for each in (large, small)]
    change = auc_influences(positive, small.probabilities[:, 1]) - auc_influences(
        positive, large.probabilities[:, 1]
    )
    reach = 1.959964 * np.sqrt(np.sum(change**2))
    expected = values[1] - values[0]
    assert found.difference.value == pytest.approx(expected)
    # Far from 1 the score limits are nearly DeLong's own; Student's t makes them a bit wider.
    assert found.difference.low == pytest.approx(expected - reach, abs=0.1 * reach)
    assert found.difference.high == pytest.approx(expected + reach, abs=0.1 * reach)
    assert found.difference.method == "paired DeLong, score limits"
    assert found.baseline.method == "DeLong"


@pytest.mark.parametrize(
    ("metric", "patients", "method"),
    [
        ("macro_auc", 20, "paired patient-cluster bootstrap, score limits, 100 resamples"),
        ("accuracy", 20, "paired patient-cluster bootstrap, score limits, 100 resamples"),
        (
            "precision:class-1",
            60,
            "paired bootstrap over patients, score limits, 100 resamples",
        ),
        ("brier", 60, "paired bootstrap over patients, score limits, 100 resamples"),
        ("mcc", 60, "paired bootstrap over patients, score limits, 100 resamples"),
    ],
)
def test_all_else_is_compared_by_drawing_the_same_patients(metric, patients, method, chance):
    large, small = (
        chance(60, patients=patients, seed=seed, model=model)
        for seed, model in ((0, "large"), (1, "small"))
    )
    found = compare(large, small, metric=metric, margin=0.05, resamples=100)
    assert found.difference.method == method


@pytest.mark.parametrize("metric", ["accuracy", "sensitivity:class-1", "specificity:class-0"])
def test_shares_of_studies_of_one_patient_each_are_compared_by_tangos_score(metric, chance):
    large, small = chance(60), chance(60, seed=1, model="small")
    family, _, name = metric.partition(":")
    of_class = {"": None, "class-1": 1, "class-0": 0}[name]
    right = [
        each.predicted == each.labels
        if of_class is None
        else (each.predicted == of_class) == (each.labels == of_class)
        for each in (large, small)
    ]
    group = {
        "accuracy": np.full(60, fill_value=True),
        "sensitivity": large.labels == of_class,
        "specificity": large.labels != of_class,
    }[family]
    gained = int((right[1] & ~right[0] & group).sum())
    lost = int((right[0] & ~right[1] & group).sum())
    found = compare(large, small, metric=metric, margin=0.05)
    assert ends(found.difference)[1:] == tango_interval(gained, lost, int(group.sum()))
    told = f"Tango score, {gained} gained and {lost} lost of {group.sum()}"
    assert found.difference.method == told


def test_drawing_the_same_patients_makes_alike_models_differ_little(chance):
    large = chance(200, skill=0.8)
    small = chance(200, skill=0.8, model="small")
    almost = large.probabilities.copy()
    almost[0] = almost[0][::-1]
    small = replace(small, probabilities=almost)
    found = compare(large, small, metric="accuracy", margin=0.02)
    width = found.difference.high - found.difference.low
    # One patient of 200 is discordant; Tango's interval knows that it might be a few more.
    assert width < 0.4 * (found.baseline.high - found.baseline.low)


@settings(deadline=None, max_examples=20)
@given(
    metric=st.sampled_from(metric_names(CLASSES)),
    patients=st.sampled_from([15, 45]),
    seed=st.integers(0, 99),
)
def test_swapping_the_two_turns_the_difference_round(chance, metric, patients, seed):
    large = chance(45, patients=patients, seed=seed)
    small = chance(45, patients=patients, seed=seed + 100, model="small")
    options = {"metric": metric, "margin": 0.05, "resamples": 60}
    there, back = compare(large, small, **options), compare(small, large, **options)
    value, low, high = ends(there.difference)
    assert ends(back.difference) == pytest.approx((-value, -high, -low))


@pytest.mark.parametrize("patients", [15, 45])
def test_the_order_of_studies_and_classes_changes_nothing(chance, patients):
    large, small = (
        chance(45, patients=patients, seed=seed, model=model)
        for seed, model in ((0, "large"), (1, "small"))
    )
    turned = replace(
        small,
        classes=small.classes[::-1],
        labels=2 - small.labels,
        probabilities=small.probabilities[:, ::-1],
    ).rows(np.random.default_rng(0).permutation(45))
    for metric in ("macro_auc", "macro_f"):
        one, other = (
            compare(large, each, metric=metric, margin=0.05, resamples=60)
            for each in (small, turned)
        )
        assert ends(one.difference) == pytest.approx(ends(other.difference))


@pytest.mark.parametrize(
    ("metric", "concerned", "verdict"),
    [
        ("accuracy", 261, "non_inferior"),
        ("sensitivity:normal", 234, "non_inferior"),
        ("sensitivity:covid", 27, "inconclusive"),
        ("macro_auc", 27, "inconclusive"),
    ],
)
def test_models_that_answer_alike_are_as_different_as_the_patients_concerned_allow(
    answers, metric, concerned, verdict
):
    labels = [1] * 27 + [0] * 234
    large, small = (answers(labels, labels, model=model) for model in ("large", "small"))
    found = compare(large, small, metric=metric, margin=0.02)
    reach = 1 - 0.025 ** (1 / concerned)
    assert ends(found.difference) == pytest.approx((0.0, -reach, reach))
    assert found.verdict == verdict
    expected = f"rule of three for n = {concerned} patients concerned, as no spread is seen"
    assert found.difference.method == expected


def test_patients_count_and_not_their_images_where_models_answer_alike(answers):
    labels = [1, 0] * 60
    owners = [f"patient-{row % 20}" for row in range(120)]
    large, small = (
        answers(labels, labels, model=model, patients=owners) for model in ("large", "small")
    )
    found = compare(large, small, metric="accuracy", margin=0.02)
    assert found.difference.high == pytest.approx(1 - 0.025 ** (1 / 20))
    assert found.verdict == "inconclusive"


def test_a_model_that_tells_nothing_apart_is_inferior_to_a_perfect_one(answers):
    labels = [1] * 50 + [0] * 50
    large, small = answers(labels, labels), answers(labels, [0] * 100, model="small")
    for metric in ("macro_auc", "balanced_accuracy", "mcc"):
        found = compare(large, small, metric=metric, margin=0.02)
        assert found.verdict == "inferior"
        assert found.difference.low < found.difference.value < found.difference.high


def test_no_interval_reaches_beyond_what_can_be(answers):
    labels = [1] * 5 + [0] * 5
    large, small = answers(labels, labels), answers(labels, [0] * 5 + [1] * 5, model="small")
    for metric, widest in (("macro_auc", 1.0), ("accuracy", 1.0), ("mcc", 2.0)):
        found = compare(large, small, metric=metric, margin=0.02)
        assert found.difference.value == pytest.approx(-widest)
        assert found.difference.low == -widest
        assert found.difference.high > -widest


def test_a_difference_of_what_is_undefined_is_undefined(answers):
    large = answers([0, 0, 1], [0, 0, 1])
    small = answers([0, 0, 1], [0, 0, 0], model="small")
    found = compare(large, small, metric="precision:covid", margin=0.02)
    assert found.baseline.value == 1.0
    assert ends(found.candidate) == ends(found.difference) == (None, None, None)
    assert found.verdict == "inconclusive"
    assert found.difference.method == "undefined: it takes a study answered as the class"


def test_a_difference_of_averages_tells_which_classes_it_leaves_out(chance):
    large, small = (
        (each := chance(60, seed=seed, model=model)).subset(each.labels > 0)
        for seed, model in ((0, "large"), (1, "small"))
    )
    found = compare(large, small, margin=0.02)
    assert found.metric == "macro_auc"
    told = "paired DeLong, score limits; without class-0, of which there is no study"
    assert found.difference.method == told


def test_the_interval_covers_no_difference_between_equals_about_as_often_as_it_says(chance):
    covered = 0
    for seed in range(300):
        large = chance(80, seed=2 * seed)
        small = chance(80, seed=2 * seed + 1, model="small")
        found = compare(large, small, margin=0.02, level=0.9)
        covered += found.difference.low <= 0.0 <= found.difference.high
    # Three standard errors of a share of 300 that is 0.9 are 0.052.
    assert covered / 300 == pytest.approx(0.9, abs=0.06)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"margin": 2}, r"margin is the largest loss accepted, .*write 0\.02"),
        ({"margin": 0.02, "level": 95}, r"for 95 % write 0\.95"),
        ({"margin": 0.02, "resamples": 10}, "10 resamples are too few"),
        ({"margin": 0.02, "metric": "auc"}, "no metric 'auc'"),
    ],
)
def test_a_mistake_is_told_before_anything_is_compared(options, message, chance):
    with pytest.raises(StatisticsError, match=message):
        compare(chance(45), chance(45, seed=1, model="small"), **options)


def test_sets_that_are_no_pair_are_refused(chance):
    with pytest.raises(StatisticsError, match="large and small cannot be paired"):
        compare(chance(45), chance(46, model="small"), margin=0.02)
