"""A probe is asked about patients it has not seen, and learns nothing from those it is."""

import numpy as np
import pytest

from leanlung.evaluation.probe import cross_validated, held_out, patient_folds
from leanlung.statistics import auc


def patients_with_texture(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """60 patients with six films each: features tell the patient, the class is a coin."""
    generator = np.random.default_rng(seed)
    groups = np.repeat(np.arange(60), 6)
    texture = generator.normal(size=(60, 80)).astype(np.float32)
    features = texture[groups] + generator.normal(0, 0.1, (360, 80)).astype(np.float32)
    labels = generator.permutation(60) % 2
    return features, labels[groups].astype(np.int64), groups.astype(np.int64)


def area(labels: np.ndarray, found: np.ndarray) -> float:
    return auc(labels == 1, found[:, 1])


def test_patients_never_part_and_classes_are_alike_in_every_fold() -> None:
    generator = np.random.default_rng(1)
    groups = np.unique(generator.integers(0, 100, 300), return_inverse=True)[1]
    labels = (groups % 3 == 0).astype(np.int64)
    fold = patient_folds(labels, groups, 5, seed=0)
    assert set(fold) == set(range(5))
    for group in np.unique(groups):
        assert len(set(fold[groups == group])) == 1
    ill = [np.mean(labels[fold == one]) for one in range(5)]
    assert max(ill) - min(ill) < 0.08
    sizes = np.bincount(fold)
    assert sizes.max() - sizes.min() <= 10
    assert not np.array_equal(fold, patient_folds(labels, groups, 5, seed=1))


def test_what_tells_the_patient_does_not_help() -> None:
    features, labels, groups = patients_with_texture()
    grouped = area(labels, cross_validated(features, labels, groups, seed=0))
    each_its_own = np.arange(len(labels))
    leaking = area(labels, cross_validated(features, labels, each_its_own, seed=0))
    assert leaking > 0.95  # the trap is real
    assert 0.3 < grouped < 0.7


def test_what_tells_the_class_is_found() -> None:
    features, labels, groups = patients_with_texture()
    features[:, :20] += 2 * labels[:, None]
    assert area(labels, cross_validated(features, labels, groups, seed=0)) > 0.9


def test_answers_are_shares_and_the_same_each_time() -> None:
    features, labels, groups = patients_with_texture()
    labels = labels + (groups % 5 == 0)
    found = cross_validated(features, labels, groups, seed=3)
    assert found.shape == (360, 3)
    assert found.sum(axis=1) == pytest.approx(np.ones(360))
    assert np.array_equal(found, cross_validated(features, labels, groups, seed=3))


def test_labels_of_those_asked_are_not_looked_at() -> None:
    features, labels, groups = patients_with_texture()
    features[:, :20] += 2 * labels[:, None]
    asked = groups >= 45
    found = held_out(features, labels, groups, asked, seed=0)
    assert area(labels[asked], found) > 0.9
    turned = np.where(asked, 1 - labels, labels)
    assert np.array_equal(found, held_out(features, turned, groups, asked, seed=0))


def test_features_of_those_asked_shape_nothing() -> None:
    features, labels, groups = patients_with_texture()
    asked = groups >= 45
    first = np.flatnonzero(asked)[0]
    found = held_out(features, labels, groups, asked, seed=0)
    moved = features.copy()
    moved[np.flatnonzero(asked)[1:]] *= 100
    assert np.array_equal(found[0], held_out(moved, labels, groups, asked, seed=0)[0])
    assert first >= 0


def test_fewer_studies_than_features_and_features_that_never_change_do_no_harm() -> None:
    generator = np.random.default_rng(0)
    labels = np.arange(40) % 2
    features = np.zeros((40, 900), dtype=np.float32)
    features[:, :5] = generator.normal(size=(40, 5)) + 3 * labels[:, None]
    features[3, 700] = 1e6  # never seen but once
    found = cross_validated(features, labels, np.arange(40), seed=0)
    assert np.isfinite(found).all()
    assert area(labels, found) > 0.9


def test_nothing_to_see_gives_an_area_of_one_half() -> None:
    labels = np.arange(60) % 2
    blank = np.zeros((60, 30), dtype=np.float32)
    found = cross_validated(blank, labels, np.arange(60), seed=0)
    assert np.allclose(found, found[0], atol=0.05)


def test_a_class_that_is_not_there_to_learn_from_gets_nothing() -> None:
    labels = np.array([0] * 20 + [1] * 20 + [2] * 5)
    features = np.random.default_rng(0).normal(size=(45, 4))
    found = held_out(features, labels, np.arange(45), labels == 2, seed=0)
    assert (found[:, 2] == 0).all()
    alone = held_out(features, labels, np.arange(45), labels > 0, seed=0)
    assert alone.tolist() == [[1, 0, 0]] * 25
