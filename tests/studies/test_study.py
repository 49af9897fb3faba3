"""A cohort knows its patients and classes, and nothing in it contradicts itself."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from types import MappingProxyType

import pytest

from leanlung.foundations.errors import StudyError
from leanlung.studies.study import MADE_UP, Cohort, Study, Unreadable

PAIRS = [("ann", "covid"), ("bob", "normal"), ("ann", "covid"), ("cem", "covid")]


def test_a_patient_with_several_studies_is_named_once_in_order(cohort_of):
    assert cohort_of(PAIRS).patients == ("ann", "bob", "cem")


def test_studies_are_counted_by_class_in_the_order_of_the_classes(cohort_of):
    cohort = replace(cohort_of(PAIRS), classes=("normal", "tuberculosis", "covid"))
    assert list(cohort.counts.items()) == [("normal", 1), ("tuberculosis", 0), ("covid", 3)]


def test_a_patient_with_studies_of_two_classes_is_allowed_and_told(cohort_of):
    assert cohort_of(PAIRS).mixed_patients == ()
    both = cohort_of([*PAIRS, ("cem", "normal"), ("ann", "normal")])
    assert both.mixed_patients == ("ann", "cem")


def test_an_id_that_stands_several_times_is_refused_with_its_count(cohort_of):
    cohort = cohort_of(PAIRS)
    first, second, *_ = cohort.studies
    with pytest.raises(StudyError) as caught:
        replace(cohort, studies=(*cohort.studies, first, first, second))
    assert str(caught.value) == (
        "archive: study id 's0' stands 3 times (2 such ids); every image needs an id of its own"
    )


def test_a_label_without_a_class_is_refused_with_what_was_probably_meant(cohort_of):
    with pytest.raises(StudyError) as caught:
        replace(cohort_of(PAIRS), classes=("covid", "Normal"))
    assert str(caught.value) == (
        "archive: study 's1' has label 'normal', which is none of the classes "
        "['covid', 'Normal']; did you mean 'Normal'?"
    )


def test_some_classes_are_kept_in_the_order_asked_for(cohort_of):
    cohort = cohort_of([*PAIRS, ("dan", "tuberculosis")]).of_classes(["tuberculosis", "covid"])
    assert cohort.classes == ("tuberculosis", "covid")
    assert [study.study_id for study in cohort.studies] == ["s0", "s2", "s3", "s4"]


def test_an_unknown_class_is_refused_with_what_there_is(cohort_of):
    with pytest.raises(StudyError) as caught:
        cohort_of(PAIRS).of_classes(["covd"])
    assert str(caught.value) == (
        "archive: no class 'covd'; it has ['covid', 'normal']; did you mean 'covid'?"
    )


def test_an_empty_class_is_refused(cohort_of):
    cohort = cohort_of(PAIRS).where(lambda study: study.label == "covid")
    with pytest.raises(StudyError, match="archive: class 'normal' is empty; add images of it"):
        cohort.of_classes(["covid", "normal"])


def test_leaving_studies_out_keeps_order_classes_and_the_list_of_unreadable(cohort_of):
    bad = (Unreadable(Path("x.png"), "truncated"),)
    cohort = cohort_of(PAIRS).with_unreadable(bad).where(lambda study: study.study_id != "s1")
    assert [study.study_id for study in cohort.studies] == ["s0", "s2", "s3"]
    assert cohort.classes == ("covid", "normal")
    assert cohort.unreadable == bad
    assert cohort.of_classes(["covid"]).unreadable == bad


@pytest.mark.parametrize(
    ("licences", "expected"),
    [
        ([MADE_UP, MADE_UP], True),
        ([MADE_UP, "CC0"], False),
        (["CC0"], False),
        ([None], False),
        ([], False),
    ],
)
def test_a_cohort_is_made_up_if_every_image_is(licences, expected):
    studies = tuple(
        Study(f"s{n}", "p", Path("x"), "a", attributes={"license": licence} if licence else {})
        for n, licence in enumerate(licences)
    )
    assert Cohort("c", ("a",), studies).made_up is expected


def test_nothing_can_be_changed_afterwards(cohort_of):
    cohort = cohort_of(PAIRS)
    with pytest.raises(FrozenInstanceError):
        cohort.studies[0].label = "normal"
    with pytest.raises(FrozenInstanceError):
        cohort.classes = ()
    assert isinstance(cohort.studies[0].attributes, MappingProxyType)


def test_a_study_says_exactly_whose_it_is_unless_told_otherwise():
    study = Study("s", "p", Path("x.png"), "a")
    assert (study.patient_id_confidence, study.lung_mask, dict(study.attributes)) == (
        "exact",
        None,
        {},
    )
