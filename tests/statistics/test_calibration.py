"""Calibration sets what a model said of its answers against how often they were right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import (
    Predictions,
    ReliabilityBin,
    brier_score,
    clopper_pearson,
    expected_calibration_error,
    reliability_bins,
)


def binary(confidences, right):
    """Predictions that answer the first class with these confidences, in [0.5, 1]."""
    count = len(confidences)
    return Predictions(
        "large",
        ("normal", "covid"),
        tuple(f"study-{row}" for row in range(count)),
        tuple(f"patient-{row}" for row in range(count)),
        np.where(right, 0, 1),
        np.array([[share, 1 - share] for share in confidences]),
    )


def test_bins_worked_by_hand():
    predictions = binary([0.9, 0.6, 0.8, 0.7], [True, False, True, True])
    low, high = reliability_bins(predictions, bins=2)
    assert low == ReliabilityBin(pytest.approx(0.65), 0.5, *clopper_pearson(1, 2), 2)
    assert high == ReliabilityBin(pytest.approx(0.85), 1.0, *clopper_pearson(2, 2), 2)


def test_the_expected_error_is_the_mean_distance_by_study():
    bins = (
        ReliabilityBin(0.65, 0.5, 0.0, 1.0, 30),
        ReliabilityBin(0.85, 1.0, 0.0, 1.0, 10),
    )
    assert expected_calibration_error(bins) == pytest.approx((30 * 0.15 + 10 * 0.15) / 40)


def test_bins_are_of_equal_size_where_no_two_confidences_are_equal(chance):
    bins = reliability_bins(chance(103), bins=10)
    assert len(bins) == 10
    assert {each.count for each in bins} == {10, 11}
    confidences = [each.confidence for each in bins]
    assert confidences == sorted(confidences)


def test_studies_of_equal_confidence_are_never_parted():
    predictions = binary([0.9] * 7 + [0.6] * 3, [True] * 10)
    assert [each.count for each in reliability_bins(predictions, bins=5)] == [3, 7]


def test_the_order_of_the_studies_changes_nothing():
    predictions = binary([0.9, 0.9, 0.9, 0.6, 0.6, 0.7], [True, False, True, False, True, True])
    turned = predictions.rows(np.arange(6)[::-1])
    for one, other in zip(
        reliability_bins(predictions, bins=3), reliability_bins(turned, bins=3), strict=True
    ):
        assert one == replace(other, confidence=pytest.approx(other.confidence))


def test_less_than_one_bin_is_refused(chance):
    with pytest.raises(StatisticsError, match="0 bins: one or more are expected"):
        reliability_bins(chance(9), bins=0)


def test_the_brier_score_sums_over_the_classes():
    predictions = Predictions(
        "large", ("a", "b", "c"), ("x", "y"), ("x", "y"), np.array([0, 2]),
        np.array([[0.5, 0.25, 0.25], [0.0, 0.0, 1.0]]),
    )  # fmt: skip
    assert brier_score(predictions) == (0.25 + 0.0625 + 0.0625) / 2


def test_for_two_classes_it_is_twice_that_of_scikit_learn(chance):
    predictions = chance(60, classes=2)
    one_class = brier_score_loss(predictions.labels, predictions.probabilities[:, 1])
    assert brier_score(predictions) == pytest.approx(2 * one_class)
