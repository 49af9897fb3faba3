"""Slices become patients: probabilities and labels worked out by hand on three of them."""

import json

import numpy as np
import pytest

from leanlung.foundations.errors import DataRefused, StatisticsError
from leanlung.statistics import Predictions, compare, measure, per_patient, study_threshold

PATIENTS = ("p1", "p1", "p1", "p2", "p2", "p3")
ILL = (0.9, 0.2, 0.4, 0.3, 0.1, 0.6)
LABELS = (1, 0, 0, 0, 0, 1)


def slices(
    labels: tuple[int, ...] = LABELS,
    patients: tuple[str, ...] = PATIENTS,
    part: str | None = None,
    classes: tuple[str, ...] = ("normal", "infected"),
) -> Predictions:
    ill = np.array(ILL)
    return Predictions(
        "net",
        classes,
        tuple(f"s{n}" for n in range(6)),
        patients,
        np.array(labels),
        np.stack([1 - ill, ill], axis=1),
        part,
    )


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("mean", [0.5, 0.2, 0.6]),
        ("max", [0.9, 0.3, 0.6]),
        ("share", [2 / 3, 0.0, 1.0]),  # from 0.4 on, 0.4 included
        ("noisy_or", [1 - 0.1 * 0.8 * 0.6, 1 - 0.7 * 0.9, 0.6]),
    ],
)
def test_three_patients_by_hand(rule: str, expected: list[float]) -> None:
    found = per_patient(slices(), rule, threshold=0.4, labels="any")
    assert found.predictions.probabilities[:, 1] == pytest.approx(expected)
    assert found.predictions.probabilities.sum(axis=1) == pytest.approx(1.0)
    assert found.predictions.study_ids == found.predictions.patient_ids == ("p1", "p2", "p3")
    assert found.predictions.labels.tolist() == [1, 0, 1]
    assert not found.predictions.repeats_patients


def test_the_order_of_slices_does_not_matter() -> None:
    order = np.array([5, 2, 4, 0, 3, 1])
    one = per_patient(slices(), "mean", labels="any").predictions
    two = per_patient(slices().rows(order), "mean", labels="any").predictions
    assert two.patient_ids == ("p3", "p1", "p2")
    at = [two.patient_ids.index(name) for name in one.patient_ids]
    assert two.probabilities[at] == pytest.approx(one.probabilities)


def test_labels_by_rule() -> None:
    assert per_patient(slices(), labels="majority").predictions.labels.tolist() == [0, 0, 1]
    tied = slices(labels=(1, 0, 0, 1, 0, 1))
    found = per_patient(tied, labels="majority")
    assert found.predictions.labels.tolist() == [0, 1, 1]  # p2's tie goes to the class sought
    assert found.ties == ("p2",)
    given = slices(labels=(0, 0, 0, 1, 1, 1))
    assert per_patient(given).predictions.labels.tolist() == [0, 1, 1]
    with pytest.raises(StatisticsError, match=r"patient 'p1' are of \['infected', 'normal'\]"):
        per_patient(slices())


def test_patients_of_one_class_are_allowed_and_told() -> None:
    found = per_patient(slices(), labels="any")
    assert (found.mixed, found.one_class) == (("p1",), ("p2",))  # p3 has one slice alone
    assert (found.studies, found.fewest, found.most) == (6, 1, 3)
    told = found.sentence()
    assert "6 studies of 3 patients (1 to 3 each)" in told
    assert "1 normal, 2 infected" in told
    assert "1 have studies of one class only" in told
    assert json.loads(json.dumps(found.as_dict()))["patients"] == 3


def test_three_classes_take_the_study_in_which_the_class_is_likeliest() -> None:
    shares = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.6, 0.4, 0.0]])
    three = Predictions(
        "net", ("a", "b", "c"), ("1", "2", "3"), ("p", "p", "q"), np.array([0, 0, 1]), shares
    )
    found = per_patient(three, "max", of_class="b").predictions
    assert found.probabilities.tolist() == [[0.5, 0.3, 0.2], [0.6, 0.4, 0.0]]
    assert per_patient(three).predictions.probabilities[0] == pytest.approx([0.3, 0.25, 0.45])
    with pytest.raises(StatisticsError, match="which of the classes"):
        per_patient(three, "max")
    with pytest.raises(StatisticsError, match="share is of two classes, and here are 3"):
        per_patient(three, "share", of_class="b", threshold=0.5)


def test_one_slice_a_patient_changes_nothing() -> None:
    alone = slices(patients=tuple("abcdef"))
    for rule in ("mean", "max", "noisy_or"):
        found = per_patient(alone, rule).predictions
        assert found.probabilities == pytest.approx(alone.probabilities)
        assert found.labels.tolist() == alone.labels.tolist()


def test_figures_are_of_patients() -> None:
    found = per_patient(slices(), labels="any").predictions
    (accuracy,) = [one for one in measure(found) if one.name == "accuracy"]
    assert accuracy.value == pytest.approx(2 / 3)  # p1 has 0.5: of equals the first class
    assert (accuracy.studies, accuracy.patients) == (3, 3)
    same = compare(found, found, metric="accuracy", margin=0.1, resamples=100)
    assert same.difference.value == 0.0


def test_a_threshold_is_frozen_on_validation() -> None:
    """Ill slices 0.9 and 0.6, others up to 0.4: half-way between 0.6 and 0.4."""
    assert study_threshold(slices(part="validation")) == pytest.approx(0.5)
    with pytest.raises(DataRefused, match="predictions of a test part"):
        study_threshold(slices(part="test"))
    with pytest.raises(DataRefused, match="patient 'p1' and 2 more are both in"):
        study_threshold(slices(), tested=slices(part="test"))
    with pytest.raises(StatisticsError, match="infected has no study here"):
        study_threshold(slices(labels=(0,) * 6))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"rule": "median"}, "no rule 'median'"),
        ({"labels": "some"}, "no rule 'some'"),
        ({"rule": "share", "labels": "any"}, "needs a threshold"),
        ({"rule": "share", "labels": "any", "threshold": 1.5}, r"threshold in \[0, 1\]"),
        ({"rule": "max", "of_class": "infcted"}, "did you mean 'infected'"),
    ],
)
def test_what_cannot_be_done_is_told(options: dict, told: str) -> None:
    with pytest.raises(StatisticsError, match=told):
        per_patient(slices(), **options)


def test_without_a_normal_class_the_class_must_be_named() -> None:
    named = slices(classes=("clear", "infected"))
    with pytest.raises(StatisticsError, match="Name it"):
        per_patient(named, "max", labels="any")
    found = per_patient(named, "max", of_class="infected", labels="any").predictions
    assert found.probabilities[:, 1] == pytest.approx([0.9, 0.3, 0.6])
