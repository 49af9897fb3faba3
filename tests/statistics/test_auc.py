"""The AUC is the chance that a study of the class scores higher, a tie counting half."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn

from leanlung.statistics import auc, roc_curve
from leanlung.statistics.auc import Ranking

# Few distinct scores, so that ties are the rule; both sides are there.
samples = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=40).filter(
    lambda pairs: 0 < sum(positive for positive, _ in pairs) < len(pairs)
)
several = settings(deadline=None, max_examples=100)


def arrays(pairs):
    positive, scores = zip(*pairs, strict=True)
    return np.array(positive), np.array(scores, dtype=np.float64)


def test_it_is_the_share_of_pairs_in_the_right_order():
    # Positives 3 and 2 against 1, 2 and 4: of six pairs three are won and one is tied.
    positive = np.array([True, True, False, False, False])
    scores = np.array([3.0, 2.0, 1.0, 2.0, 4.0])
    assert auc(positive, scores) == (1 + 1 + 1 + 0.5) / 6


@several
@given(samples)
def test_it_is_that_of_scikit_learn(pairs):
    positive, scores = arrays(pairs)
    assert auc(positive, scores) == pytest.approx(sklearn.roc_auc_score(positive, scores))


@several
@given(samples)
def test_monotone_transforms_leave_it_alone(pairs):
    positive, scores = arrays(pairs)
    assert auc(positive, np.exp(scores) - 7) == auc(positive, scores)


@several
@given(samples)
def test_the_other_side_has_the_rest(pairs):
    positive, scores = arrays(pairs)
    assert auc(~positive, scores) == pytest.approx(1 - auc(positive, scores))


@several
@given(samples, st.randoms(use_true_random=False))
def test_a_weight_counts_as_so_many_copies(pairs, random):
    positive, scores = arrays(pairs)
    weights = np.array([random.randrange(4) for _ in pairs])
    copies = np.repeat(np.arange(len(pairs)), weights)
    weighted = Ranking.of(positive, scores).auc(weights.astype(np.float64))
    copied = auc(positive[copies], scores[copies])
    assert weighted == copied or (np.isnan(weighted) and copied is None)


@pytest.mark.parametrize("positive", [[True, True], [False, False]])
def test_it_is_undefined_where_a_side_is_empty(positive):
    assert auc(np.array(positive), np.array([0.1, 0.2])) is None
    assert roc_curve(np.array(positive), np.array([0.1, 0.2])) is None


@several
@given(samples)
def test_the_curve_is_that_of_scikit_learn(pairs):
    positive, scores = arrays(pairs)
    curve = roc_curve(positive, scores)
    false, true, thresholds = sklearn.roc_curve(positive, scores, drop_intermediate=False)
    np.testing.assert_allclose(curve.false_positive_shares, false)
    np.testing.assert_allclose(curve.true_positive_shares, true)
    np.testing.assert_array_equal(curve.thresholds, thresholds)


def test_the_curve_runs_from_nobody_to_everybody():
    curve = roc_curve(np.array([True, False, True]), np.array([0.9, 0.5, 0.5]))
    assert curve.thresholds.tolist() == [np.inf, 0.9, 0.5]
    assert curve.true_positive_shares.tolist() == [0.0, 0.5, 1.0]
    assert curve.false_positive_shares.tolist() == [0.0, 0.0, 1.0]
