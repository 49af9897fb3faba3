"""The bootstrap draws whole patients, so that many images of few patients prove little."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics as sklearn

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import clopper_pearson, measure
from leanlung.statistics.bootstrap import (
    description,
    patient_weights,
    percentile_interval,
    require_resamples,
)
from leanlung.statistics.metrics import find_metric, values

PATIENTS = np.array([0, 0, 1, 2, 2, 2])


def test_studies_of_a_patient_are_drawn_together():
    for weights in patient_weights(PATIENTS, resamples=50, seed=0):
        assert weights[0] == weights[1]
        assert weights[3] == weights[4] == weights[5]


def test_as_many_patients_are_drawn_as_there_are():
    for weights in patient_weights(PATIENTS, resamples=50, seed=0):
        assert weights[0] + weights[2] + weights[3] == 3


def test_every_patient_is_drawn_once_on_average():
    drawn = np.array(list(patient_weights(PATIENTS, resamples=4000, seed=0)))
    # The standard error of each mean is the root of 2/3 over 4,000, which is 0.013.
    np.testing.assert_allclose(drawn.mean(axis=0), 1.0, atol=0.06)


def test_the_same_seed_draws_the_same_patients():
    one, two, other = (
        np.array(list(patient_weights(PATIENTS, resamples=20, seed=seed))) for seed in (7, 7, 8)
    )
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_a_resample_measures_what_copying_its_rows_measures(chance):
    """The other road: a plain loop that copies rows and asks scikit-learn."""
    predictions = chance(60, patients=20, skill=0.5)
    names = ["accuracy", "macro_auc", "macro_precision", "macro_f", "mcc", "auc:class-1"]
    metrics = [find_metric(name, predictions.classes) for name in names]
    weights = list(patient_weights(predictions.patients, resamples=25, seed=1))
    for weight, found in zip(weights, values(metrics, predictions, weights), strict=True):
        rows = [row for row in range(60) for _ in range(int(weight[row]))]
        true, shares = predictions.labels[rows], predictions.probabilities[rows]
        answered = shares.argmax(axis=1)
        expected = [
            sklearn.accuracy_score(true, answered),
            sklearn.roc_auc_score(true, shares, multi_class="ovr", average="macro"),
            sklearn.precision_score(true, answered, average="macro"),
            sklearn.f1_score(true, answered, average="macro"),
            sklearn.matthews_corrcoef(true, answered),
            sklearn.roc_auc_score(true == 1, shares[:, 1]),
        ]
        np.testing.assert_allclose(found, expected)


def test_the_interval_lies_between_two_quantiles():
    resampled = np.arange(101) / 100
    assert percentile_interval(resampled, 0.9) == pytest.approx((0.05, 0.95))


def test_resamples_without_a_value_are_left_out_of_it():
    resampled = np.concatenate([np.arange(101) / 100, np.full(50, np.nan)])
    assert percentile_interval(resampled, 0.9) == pytest.approx((0.05, 0.95))


@pytest.mark.parametrize("resampled", [np.ones(9), np.full(9, np.nan)])
def test_without_spread_there_is_none(resampled):
    assert percentile_interval(resampled, 0.9) is None


def test_more_than_a_twentieth_without_a_value_is_told():
    resampled = np.zeros(1000)
    resampled[:50] = np.nan
    plain = "patient-cluster bootstrap, percentile, 1000 resamples"
    assert description(resampled, repeats_patients=True) == plain
    resampled[:51] = np.nan
    told = f"{plain} (51 of them undefined and left out)"
    assert description(resampled, repeats_patients=True) == told


def test_it_says_whether_patients_repeat():
    found = description(np.zeros(100), repeats_patients=False)
    assert found == "bootstrap over patients, percentile, 100 resamples"


@pytest.mark.parametrize(("level", "fewest"), [(0.95, 40), (0.9, 20), (0.99, 200)])
def test_the_tails_hold_at_least_one_resample(level, fewest):
    require_resamples(fewest, level)
    with pytest.raises(
        StatisticsError, match=rf"{fewest - 1} resamples are too few .*{fewest}"
    ):
        require_resamples(fewest - 1, level)


def test_it_covers_the_truth_where_patients_repeat_and_an_exact_interval_does_not(answers):
    """300 made-up hospitals: 40 patients of six images each, all right or all wrong together.

    The share of right answers is 0.75 in truth. Its interval at 90 % covers it in about 90 %
    of the hospitals; one that takes images for patients is too short by the root of six.
    """
    generator = np.random.default_rng(11)
    owners = [f"patient-{row // 6}" for row in range(240)]
    covered, covered_by_images = 0, 0
    for _ in range(300):
        right = np.repeat(generator.random(40) < 0.75, 6)
        labels = np.zeros(240, dtype=int)
        predictions = answers(labels, np.where(right, 0, 1), patients=owners)
        [found] = measure(predictions, metrics=["accuracy"], level=0.9, resamples=200)
        covered += found.low <= 0.75 <= found.high
        low, high = clopper_pearson(int(right.sum()), 240, 0.9)
        covered_by_images += low <= 0.75 <= high
    # Three standard errors of a share of 300 that is 0.9 are 0.052.
    assert math.isclose(covered / 300, 0.9, abs_tol=0.06)
    assert covered_by_images / 300 < 0.6
