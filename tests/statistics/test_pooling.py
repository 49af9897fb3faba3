"""Predictions of folds are joined into one set of studies, or refused if they share anybody."""

import numpy as np
import pytest

from leanlung.foundations.errors import DataRefused, StatisticsError
from leanlung.statistics import Predictions, measure, pooled


def fold(names: str, model: str = "m", classes: tuple[str, ...] = ("a", "b")) -> Predictions:
    """Two studies for every letter, which names the patient."""
    generator = np.random.default_rng(ord(names[0]))
    shares = generator.uniform(0.05, 0.95, 2 * len(names))
    return Predictions(
        model,
        classes,
        tuple(f"{name}{n}" for name in names for n in (1, 2)),
        tuple(name for name in names for _ in (1, 2)),
        np.array([n % 2 for n in range(2 * len(names))]),
        np.stack([1 - shares, shares], axis=1),
        "test",
    )


def test_all_studies_are_there_once_and_keep_their_answers() -> None:
    parts = [fold("abc"), fold("de")]
    found = pooled(parts)
    assert found.study_ids == parts[0].study_ids + parts[1].study_ids
    assert (len(found), found.patient_count, found.part, found.model) == (10, 5, "test", "m")
    expected = np.concatenate([one.probabilities for one in parts])
    assert np.array_equal(found.probabilities, expected)


def test_intervals_are_over_the_patients_of_all_folds() -> None:
    parts = [fold("abc"), fold("de")]
    right = [int(one.predicted[n] == one.labels[n]) for one in parts for n in range(len(one))]
    estimates = measure(pooled(parts), level=0.9, resamples=200, seed=0)
    (found,) = (one for one in estimates if one.name == "accuracy")
    assert found.value == pytest.approx(np.mean(right))
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.value <= found.high


def test_a_patient_in_two_folds_is_refused() -> None:
    one, two = fold("abc"), fold("de")
    shared = Predictions(
        "m", two.classes, two.study_ids, ("c", "c", "e", "e"), two.labels, two.probabilities
    )
    with pytest.raises(DataRefused, match="patient 'c' is in the predictions 0 and 1 of 2"):
        pooled([one, shared])


def test_a_study_in_two_folds_is_refused() -> None:
    with pytest.raises(DataRefused, match="study 'c1' is in the predictions 0 and 1 of 2"):
        pooled([fold("abc"), fold("cd")])


def test_other_classes_other_names_and_nothing_are_refused() -> None:
    with pytest.raises(StatisticsError, match="in that order"):
        pooled([fold("ab"), fold("c", classes=("b", "a"))])
    with pytest.raises(StatisticsError, match="give the pooled ones a name"):
        pooled([fold("ab", "one"), fold("c", "two")])
    assert pooled([fold("ab", "one"), fold("c", "two")], "both").model == "both"
    with pytest.raises(StatisticsError, match="no predictions to pool"):
        pooled([])
