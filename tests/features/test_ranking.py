"""Features are ranked by the F-test, constants leave, and what tells without fail is first."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from scipy.stats import f_oneway

from leanlung.features import rank_features
from leanlung.foundations.errors import TrainingError


def test_three_features_by_hand() -> None:
    """Two classes of two images.

    First feature 1, 3 and 5, 7: between 2·(2-4)² + 2·(6-4)² = 16 over 1, within 4 over 2: 8.
    Second 0, 4 and 2, 6: between 2·1 + 2·1 = 4, within 16 over 2 = 8: one half. Third all 9.
    """
    features = np.array([[1, 0, 9], [3, 4, 9], [5, 2, 9], [7, 6, 9]], dtype=np.float32)
    found = rank_features(features, np.array([0, 0, 1, 1]))
    assert found.f == pytest.approx([8, 0.5, 0])
    assert found.order.tolist() == [0, 1]
    assert found.constant.tolist() == [2]


def test_f_and_p_are_those_of_scipy(parts: Any) -> None:
    found = rank_features(parts.train, parts.train_labels)
    columns = parts.train.astype(np.float64)
    groups = [columns[parts.train_labels == one][:, found.order] for one in range(3)]
    expected = f_oneway(*groups)
    assert found.f[found.order] == pytest.approx(expected.statistic, rel=1e-9)
    assert found.p[found.order] == pytest.approx(expected.pvalue, rel=1e-7)


def test_every_count_keeps_what_select_k_best_keeps(parts: Any) -> None:
    from sklearn.feature_selection import SelectKBest, f_classif

    doubled = np.concatenate([parts.train, parts.train[:, :9]], axis=1)  # ties, bit for bit
    varying = doubled[:, np.ptp(doubled, axis=0) > 0].astype(np.float64)
    found = rank_features(varying, parts.train_labels)
    kept = [
        set(SelectKBest(f_classif, k=k).fit(varying, parts.train_labels).get_support(True))
        for k in range(1, varying.shape[1] + 1)
    ]
    assert kept == [set(found.order[: k + 1]) for k in range(varying.shape[1])]


def test_a_feature_that_tells_the_classes_apart_without_fail_is_first(parts: Any) -> None:
    """Thirds and sevenths are rounded; a sum of squares less another may fall below zero."""
    perfect = np.array([0.1, 1 / 3, 1e4 / 7])[parts.train_labels]
    features = np.column_stack([parts.train.astype(np.float64), perfect])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = rank_features(features, parts.train_labels)
    assert found.order[0] == features.shape[1] - 1
    assert found.f[-1] == np.inf
    assert found.p[-1] == 0.0
    assert not np.isnan(found.f).any()


def test_a_constant_that_rounds_is_a_constant(parts: Any) -> None:
    features = parts.train.copy()
    features[:, 3] = np.float32(0.1)  # whose mean is not 0.1
    found = rank_features(features, parts.train_labels)
    assert found.constant.tolist() == [3, 5]
    assert len(found.order) == features.shape[1] - 2
    assert found.f[3] == 0.0


def test_small_differences_of_large_numbers_are_not_lost() -> None:
    """100,000 apart from zero the F is the same, as differences are what counts."""
    plain = np.array([[0.0], [2.0], [4.0], [6.0]])
    labels = np.array([0, 0, 1, 1])
    far = rank_features((plain + 100_000).astype(np.float32), labels)
    assert far.f == pytest.approx(rank_features(plain, labels).f, rel=1e-9)


def test_one_class_cannot_be_ranked_by(parts: Any) -> None:
    with pytest.raises(TrainingError, match=r"100 training images of 1 classes.*split anew"):
        rank_features(parts.train, np.zeros(100, dtype=np.int64))


def test_a_dead_network_is_told(parts: Any) -> None:
    with pytest.raises(TrainingError, match="all 40 features are constant on 100"):
        rank_features(np.ones_like(parts.train), parts.train_labels)


def test_what_is_not_finite_is_counted(parts: Any) -> None:
    features = parts.train.copy()
    features[[2, 2, 9], [0, 1, 7]] = [np.nan, np.inf, np.nan]
    with pytest.raises(TrainingError, match="3 features of 2 of 100 images"):
        rank_features(features, parts.train_labels)


def test_labels_of_another_length_are_refused(parts: Any) -> None:
    with pytest.raises(TrainingError, match=r"\(100, 40\) and labels of shape \(99,\)"):
        rank_features(parts.train, parts.train_labels[1:])
