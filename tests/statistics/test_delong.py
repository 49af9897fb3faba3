"""DeLong's variance of an AUC is the sum of the squares of what each study contributes."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leanlung.statistics.auc import auc
from leanlung.statistics.delong import auc_influences, mean_influences, normal_interval

# Albumin, total protein, K-G score and whether surgery helped, of the 43 patients of DeLong,
# DeLong & Clarke-Pearson 1988 with all three tests, as printed in the SAS/STAT User's Guide,
# PROC LOGISTIC, example "Comparing Receiver Operating Characteristic Curves".
PRINTED = """
    3.0 5.8 10 0   3.2 6.3  5 1   3.9 6.8  3 1   2.8 4.8  6 0   3.2 5.8  3 1   0.9 4.0  5 0
    2.5 5.7  8 0   1.6 5.6  5 1   3.8 5.7  5 1   3.7 6.7  6 1   3.2 5.4  4 1   3.8 6.6  6 1
    4.1 6.6  5 1   3.6 5.7  5 1   4.3 7.0  4 1   3.6 6.7  4 0   2.3 4.4  6 1   4.2 7.6  4 0
    4.0 6.6  6 0   3.5 5.8  6 1   3.8 6.8  7 1   3.0 4.7  8 0   4.5 7.4  5 1   3.7 7.4  5 1
    3.1 6.6  6 1   4.1 8.2  6 1   4.3 7.0  5 1   4.3 6.5  4 1   3.2 5.1  5 1   2.6 4.7  6 1
    3.3 6.8  6 0   1.7 4.0  7 0   3.7 6.1  5 1   3.3 6.3  7 1   4.2 7.7  6 1   3.5 6.2  5 1
    2.9 5.7  9 0   2.1 4.8  7 1   2.8 6.2  8 0   4.0 7.0  7 1   3.3 5.7  6 1   3.7 6.9  5 1
    3.6 6.6  5 1
"""
OVARIAN = np.array(PRINTED.split(), dtype=np.float64).reshape(-1, 4)
HELPED = OVARIAN[:, 3] == 1
ALBUMIN, PROTEIN, KG_SCORE = OVARIAN[:, 0], OVARIAN[:, 1], 10 - OVARIAN[:, 2]


def standard_error(influences):
    return float(np.sqrt(np.sum(influences**2)))


def by_all_pairs(positive, scores, other):
    """DeLong's covariance of two AUCs as first written: every positive with every negative."""
    components = []
    for values in (scores, other):
        pairs = values[positive][:, np.newaxis] - values[~positive]
        won = (pairs > 0) + 0.5 * (pairs == 0)
        components.append((won.mean(axis=1), won.mean(axis=0)))
    (tens, ones), (other_tens, other_ones) = components
    return (
        np.cov(tens, other_tens)[0, 1] / positive.sum()
        + np.cov(ones, other_ones)[0, 1] / (~positive).sum()
    )


@pytest.mark.parametrize(
    ("scores", "area", "error", "low", "high"),
    [
        (ALBUMIN, 0.7366, 0.0927, 0.5549, 0.9182),
        (KG_SCORE, 0.7258, 0.1028, 0.5243, 0.9273),
        (PROTEIN, 0.6478, 0.1000, 0.4518, 0.8439),
    ],
)
def test_it_gives_the_published_areas_of_the_ovarian_cancer_data(
    scores, area, error, low, high
):
    influences = auc_influences(HELPED, scores)
    value = auc(HELPED, scores)
    assert value == pytest.approx(area, abs=5e-5)
    assert standard_error(influences) == pytest.approx(error, abs=5e-5)
    assert normal_interval(value, influences, 0.95) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("scores", "difference", "error", "low", "high"),
    [(ALBUMIN, 0.0108, 0.0953, -0.1761, 0.1976), (PROTEIN, -0.0780, 0.1046, -0.2830, 0.1271)],
)
def test_it_gives_the_published_contrasts_with_the_kg_score(
    scores, difference, error, low, high
):
    value = auc(HELPED, scores) - auc(HELPED, KG_SCORE)
    influences = auc_influences(HELPED, scores) - auc_influences(HELPED, KG_SCORE)
    assert value == pytest.approx(difference, abs=5e-5)
    assert standard_error(influences) == pytest.approx(error, abs=5e-5)
    found = normal_interval(value, influences, 0.95, lowest=-1.0)
    assert found == pytest.approx((low, high), abs=5e-5)


def test_it_gives_the_published_area_of_the_haemorrhage_data():
    """aSAH of Robin et al. 2011 (pROC), WFNS grades 1 to 5 by outcome, good and poor.

    Area and DeLong's variance are those that pROC's own tests hold.
    """
    good, poor = [37, 20, 3, 8, 4], [2, 12, 1, 8, 18]
    scores = np.repeat([1.0, 2.0, 3.0, 4.0, 5.0] * 2, good + poor)
    ill = np.repeat([False, True], [sum(good), sum(poor)])
    assert auc(ill, scores) == pytest.approx(0.823678861788618, rel=1e-12)
    variance = standard_error(auc_influences(ill, scores)) ** 2
    assert variance == pytest.approx(0.00146991470882363, rel=1e-10)


def test_its_p_is_that_of_permuting_the_two_models_within_each_study():
    """The other road: which of two models a score is from is drawn by lot, study by study."""
    generator = np.random.default_rng(5)
    positive = np.arange(160) < 70
    common = generator.normal(size=160) + 1.2 * positive
    one, other = (common + generator.normal(size=160) for _ in range(2))
    seen = auc(positive, other) - auc(positive, one)
    permuted = []
    for swapped in generator.random((2000, 160)) < 0.5:
        first, second = np.where(swapped, other, one), np.where(swapped, one, other)
        permuted.append(auc(positive, second) - auc(positive, first))
    expected = np.mean(np.abs(permuted) >= abs(seen))
    influences = auc_influences(positive, other) - auc_influences(positive, one)
    found = 2 * NormalDist().cdf(-abs(seen) / standard_error(influences))
    # A share of 2,000 is known to 0.011 at worst.
    assert found == pytest.approx(expected, abs=0.035)


samples = st.lists(
    st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 5)), min_size=4, max_size=30
).filter(lambda rows: 1 < sum(positive for positive, *_ in rows) < len(rows) - 1)


@settings(deadline=None, max_examples=100)
@given(samples)
def test_it_is_what_comparing_every_positive_with_every_negative_gives(rows):
    positive, scores, other = (np.array(column) for column in zip(*rows, strict=True))
    one, two = auc_influences(positive, scores), auc_influences(positive, other)
    assert one @ one == pytest.approx(by_all_pairs(positive, scores, scores), abs=1e-12)
    assert one @ two == pytest.approx(by_all_pairs(positive, scores, other), abs=1e-12)


@settings(deadline=None, max_examples=50)
@given(samples)
def test_contributions_sum_to_nothing(rows):
    positive, scores, _ = (np.array(column) for column in zip(*rows, strict=True))
    assert auc_influences(positive, scores).sum() == pytest.approx(0.0, abs=1e-12)


def test_it_agrees_with_drawing_studies_anew_on_either_side():
    positive = np.arange(300) < 120
    generator = np.random.default_rng(3)
    scores = generator.normal(size=300) + positive
    other = scores + generator.normal(size=300)
    sides = np.flatnonzero(positive), np.flatnonzero(~positive)
    differences = []
    for _ in range(1500):
        rows = np.concatenate([generator.choice(side, side.size) for side in sides])
        differences.append(auc(positive[rows], scores[rows]) - auc(positive[rows], other[rows]))
    influences = auc_influences(positive, scores) - auc_influences(positive, other)
    # The spread of 1,500 draws is itself known to about 2 %.
    assert standard_error(influences) == pytest.approx(np.std(differences), rel=0.08)


def test_the_mean_over_classes_keeps_the_covariances_between_them(chance):
    predictions = chance(90)
    each = [
        auc_influences(predictions.labels == index, predictions.probabilities[:, index])
        for index in range(3)
    ]
    covariances = np.array([[one @ two for two in each] for one in each])
    mean = mean_influences(predictions, (0, 1, 2))
    assert mean @ mean == pytest.approx(covariances.sum() / 9)


@pytest.mark.parametrize("positives", [0, 1, 5, 6])
def test_a_side_of_fewer_than_two_studies_has_no_known_spread(positives):
    influences = auc_influences(np.arange(6) < positives, np.arange(6.0))
    assert np.isnan(influences).all()
    assert normal_interval(0.5, influences, 0.95) is None


@pytest.mark.parametrize("scores", [np.arange(9.0), np.zeros(9)])
def test_classes_told_apart_perfectly_or_not_at_all_show_no_spread(scores):
    influences = auc_influences(np.arange(9) > 4, scores)
    assert normal_interval(1.0, influences, 0.95) is None


def test_the_interval_is_cut_off_where_no_area_can_be():
    assert normal_interval(0.95, np.array([0.1]), 0.95)[1] == 1.0
    assert normal_interval(0.05, np.array([0.1]), 0.95)[0] == 0.0
    assert normal_interval(-0.95, np.array([0.1]), 0.95, lowest=-1.0)[0] == -1.0
