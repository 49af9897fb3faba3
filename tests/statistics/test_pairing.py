"""Two models are paired study by study, whatever the order of their rows and columns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import paired


@pytest.fixture
def large(chance):
    return chance(6)


@pytest.fixture
def small(chance):
    return chance(6, seed=1, model="small")


def test_the_second_takes_the_order_of_studies_of_the_first(large, small):
    shuffled = small.rows(np.array([3, 1, 5, 0, 2, 4]))
    first, second = paired(large, shuffled)
    assert first is large
    assert second.model == "small"
    assert second.study_ids == large.study_ids
    assert second.patient_ids == large.patient_ids
    assert second.labels.tolist() == small.labels.tolist()
    assert second.probabilities.tolist() == small.probabilities.tolist()


def test_the_second_takes_the_order_of_classes_of_the_first(large, small):
    turned = replace(
        small,
        classes=("class-2", "class-0", "class-1"),
        labels=np.array([1, 2, 0])[small.labels],
        probabilities=small.probabilities[:, [2, 0, 1]],
    )
    _, second = paired(large, turned)
    assert second.classes == large.classes
    assert second.labels.tolist() == small.labels.tolist()
    assert second.probabilities.tolist() == small.probabilities.tolist()


def test_studies_that_only_one_has_are_listed(large, small):
    other = replace(small, study_ids=("x", "y", "z", *small.study_ids[3:]))
    with pytest.raises(
        StatisticsError,
        match=r"large and small cannot be paired: "
        r"3 studies \('study-0', 'study-1', 'study-2'\) only in large, "
        r"3 studies \('x', 'y', 'z'\) only in small",
    ):
        paired(large, other)


def test_of_many_studies_the_first_five_are_listed(chance):
    large, small = chance(20), chance(20, model="small").subset(np.arange(20) < 4)
    with pytest.raises(
        StatisticsError,
        match=r"16 studies \('study-4', .*'study-8', …\) only in large, no study",
    ):
        paired(large, small)


def test_other_classes_are_refused(large, small):
    with pytest.raises(
        StatisticsError, match=r"\['class-0', 'class-1', 'class-2'\] and \['a',"
    ):
        paired(large, replace(small, classes=("a", "b", "c")))


def test_other_labels_are_refused(large, small):
    labels = small.labels.copy()
    labels[1] = (labels[1] + 1) % 3
    with pytest.raises(StatisticsError, match=r"the label differs for 1 studies \('study-1'\)"):
        paired(large, replace(small, labels=labels))


def test_other_patients_are_refused(large, small):
    patients = ("somebody", *small.patient_ids[1:])
    with pytest.raises(
        StatisticsError, match=r"the patient differs for 1 studies \('study-0'\)"
    ):
        paired(large, replace(small, patient_ids=patients))
