"""A threshold is chosen on validation and frozen; one chosen on the test part is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_curve

from leanlung.foundations.errors import DataRefused, StatisticsError
from leanlung.statistics import (
    OPERATING,
    Frozen,
    Predictions,
    choose_threshold,
    compare,
    tango_interval,
)
from leanlung.statistics.auc import Ranking

HOW = {"margin": 0.1, "resamples": 100}


@pytest.fixture
def pair(chance):
    return chance(90), chance(90, seed=1, model="small")


@pytest.fixture
def validation(pair):
    """Other studies of other patients."""
    return tuple(
        replace(
            each,
            study_ids=tuple(f"v-{name}" for name in each.study_ids),
            patient_ids=tuple(f"v-{name}" for name in each.patient_ids),
        )
        for each in pair
    )


def test_a_given_threshold_calls_what_reaches_it(pair):
    frozen = Frozen({"class-1": (0.3, 0.6)})
    found = compare(*pair, metric="sensitivity_at_threshold:class-1", frozen=frozen, **HOW)
    ill = pair[0].labels == 1
    called = [
        each.probabilities[ill, 1] >= threshold
        for each, threshold in zip(pair, (0.3, 0.6), strict=True)
    ]
    assert found.baseline.value == pytest.approx(called[0].mean())
    assert found.candidate.value == pytest.approx(called[1].mean())
    gained, lost = int((called[1] & ~called[0]).sum()), int((called[0] & ~called[1]).sum())
    difference = found.difference
    assert (difference.low, difference.high) == tango_interval(gained, lost, int(ill.sum()))
    assert difference.method.endswith("; thresholds 0.3 and 0.6, as given")


def test_specificity_at_a_threshold_is_of_the_others(pair):
    frozen = Frozen({"class-1": (0.3, 0.3)})
    found = compare(*pair, metric="specificity_at_threshold:class-1", frozen=frozen, **HOW)
    well = pair[0].labels != 1
    assert found.baseline.value == pytest.approx((pair[0].probabilities[well, 1] < 0.3).mean())
    assert found.difference.method.endswith("; threshold 0.3, as given")


def test_a_threshold_from_validation_keeps_the_specificity_there(pair, validation):
    name = "sensitivity_at_specificity:class-2@0.8"
    found = compare(*pair, metric=name, frozen=Frozen(validation=validation), **HOW)
    thresholds = [choose_threshold(each, "class-2", "specificity", 0.8) for each in validation]
    for each, threshold in zip(validation, thresholds, strict=True):
        well = each.probabilities[each.labels != 2, 2]
        assert (well < threshold).mean() >= 0.8
        # One called less would keep it too, but find no more.
        assert (well < threshold - 0.05).mean() < 0.8 + 0.1
    ill = pair[0].labels == 2
    expected = (pair[1].probabilities[ill, 2] >= thresholds[1]).mean()
    assert found.candidate.value == pytest.approx(expected)
    assert found.difference.method.endswith(", from validation")


def test_a_threshold_from_the_same_studies_says_so(pair):
    name = "sensitivity_at_specificity:class-2@0.8"
    found = compare(*pair, metric=name, **HOW)
    assert found.difference.method.endswith("threshold from these very studies: optimistic")
    for each, told in zip(pair, (found.baseline, found.candidate), strict=True):
        false, true, _ = roc_curve(
            each.labels == 2, each.probabilities[:, 2], drop_intermediate=False
        )
        assert told.value == pytest.approx(true[false <= 0.2 + 1e-12].max())


rows = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=30).filter(
    lambda pairs: 0 < sum(positive for positive, _ in pairs) < len(pairs)
)


@settings(deadline=None, max_examples=100)
@given(rows, st.sampled_from([0.5, 0.8, 0.95, 1.0]))
def test_a_point_of_the_curve_is_that_of_scikit_learn(pairs, share):
    positive, scores = (np.array(column) for column in zip(*pairs, strict=True))
    false, true, _ = roc_curve(positive, scores, drop_intermediate=False)
    ranking, ones = Ranking.of(positive, scores.astype(float)), np.ones(len(scores))
    found = ranking.sensitivity_at(share, ones)
    assert found == pytest.approx(true[1 - false >= share - 1e-9].max())
    found = ranking.specificity_at(share, ones)
    assert found == pytest.approx(1 - false[true >= share - 1e-9].min())


@settings(deadline=None, max_examples=100)
@given(rows, st.sampled_from([0.5, 0.8, 1.0]))
def test_a_chosen_threshold_measures_on_its_own_studies_what_the_curve_says(pairs, share):
    positive, scores = (np.array(column) for column in zip(*pairs, strict=True))
    ill = scores / 7
    ids = tuple(map(str, range(len(scores))))
    made = Predictions(
        "m", ("well", "ill"), ids, ids, positive.astype(int), np.stack([1 - ill, ill], axis=1)
    )
    ranking, ones = Ranking.of(positive, ill), np.ones(len(scores))
    at = choose_threshold(made, "ill", "specificity", share)
    assert (ill[positive] >= at).mean() == pytest.approx(ranking.sensitivity_at(share, ones))
    at = choose_threshold(made, "ill", "sensitivity", share)
    assert (ill[~positive] < at).mean() == pytest.approx(ranking.specificity_at(share, ones))


def test_the_test_part_chooses_no_threshold(pair, validation):
    name = "sensitivity_at_specificity:class-2@0.8"
    tested = tuple(replace(each, part="test") for each in pair)
    with pytest.raises(DataRefused, match="are of a test part; give predictions on validation"):
        compare(*tested, metric=name, **HOW)
    compare(*tested, metric=name, frozen=Frozen(validation=validation), **HOW)
    wrong = tuple(replace(each, part="test") for each in validation)
    with pytest.raises(DataRefused, match="these are predictions of a test part"):
        compare(*pair, metric=name, frozen=Frozen(validation=wrong), **HOW)


def test_validation_of_the_same_patients_is_refused(pair, validation):
    name = "sensitivity_at_specificity:class-2@0.8"
    with pytest.raises(DataRefused, match="study 'study-0' and 89 more are both"):
        compare(*pair, metric=name, frozen=Frozen(validation=pair), **HOW)
    shared = tuple(replace(each, patient_ids=pair[0].patient_ids) for each in validation)
    with pytest.raises(DataRefused, match="patient 'patient-0' and 89 more are both"):
        compare(*pair, metric=name, frozen=Frozen(validation=shared), **HOW)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sensitivity_at_threshold:class-1", "no threshold of 'class-1' is given"),
        ("sensitivity_at_threshold:class-9", "no class 'class-9'.*did you mean 'class-"),
        ("sensitivity_at_specificity:class-1", r"@ and a share in \(0, 1\]"),
        ("sensitivity_at_specificity:class-1@95", r"@ and a share in \(0, 1\]"),
        ("sensitivity_at_specificty:class-1@0.9", "did you mean 'sensitivity_at_specificity"),
    ],
)
def test_a_mistake_in_a_name_is_told(name, message, pair):
    with pytest.raises(StatisticsError, match=message):
        compare(*pair, metric=name, **HOW)


def test_a_threshold_is_a_probability(pair):
    frozen = Frozen({"class-1": (0.3, 31.0)})
    with pytest.raises(StatisticsError, match=r"threshold 31.0; a probability in \[0, 1\]"):
        compare(*pair, metric="sensitivity_at_threshold:class-1", frozen=frozen, **HOW)


def test_a_class_that_validation_lacks_has_no_threshold(validation):
    only = validation[0].subset(validation[0].labels != 2)
    with pytest.raises(StatisticsError, match="it takes studies of the class and of others"):
        choose_threshold(only, "class-2", "specificity", 0.9)


@pytest.mark.parametrize("key", OPERATING)
def test_every_one_is_explained(key):
    assert 0 < len(OPERATING[key]) < 90
