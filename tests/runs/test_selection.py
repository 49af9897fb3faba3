"""Selection: classes made of several labels, and conditions on columns."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from leanlung.foundations.errors import StudyError
from leanlung.runs.data import DataSection
from leanlung.runs.selection import ORIGINAL, select
from leanlung.studies.study import Cohort, Study

ROWS = (
    ("a", "normal", {"age": "4", "population": "child"}),
    ("b", "normal", {"age": "40", "population": "adult"}),
    ("c", "viral", {"age": "", "population": "adult"}),
    ("d", "covid", {"age": "61", "population": "adult"}),
    ("e", "covid", {"age": "18", "population": "adult"}),
    ("f", "tb", {"age": "30", "population": "adult"}),
)


def cohort() -> Cohort:
    studies = tuple(
        Study(name, f"p-{name}", Path(name), label, attributes=attributes)
        for name, label, attributes in ROWS
    )
    return Cohort("made", ("normal", "viral", "covid", "tb"), studies)


def data(**sections: object) -> DataSection:
    return DataSection(**{"classes": ("normal", "abnormal"), **sections})


ABNORMAL = {"abnormal": ("viral", "covid")}


def test_a_class_is_made_of_several_labels_and_the_label_stays_an_attribute() -> None:
    found = select(data(merge=ABNORMAL, leave_out=("tb",)), cohort())
    assert found.cohort.counts == {"normal": 2, "abnormal": 3}
    assert found.merged == {"abnormal": {"viral": 1, "covid": 2}}
    assert found.left_out == {"tb": 1}
    labels = {s.study_id: s.attributes.get(ORIGINAL) for s in found.cohort.studies}
    assert labels == {"a": None, "b": None, "c": "viral", "d": "covid", "e": "covid"}


def test_studies_that_do_not_meet_a_condition_are_set_aside_and_counted() -> None:
    where = {"population": ("adult",), "age": (">= 19",)}
    found = select(data(merge=ABNORMAL, leave_out=("tb",), where=where), cohort())
    # a is no adult; c has no age, e is 18.
    assert [s.study_id for s in found.cohort.studies] == ["b", "d"]
    assert found.set_aside == {"population": 1, "age": 2}


def test_one_of_several_words_or_limits_is_enough() -> None:
    found = select(
        data(merge=ABNORMAL, leave_out=("tb",), where={"age": ("4", "> 60")}), cohort()
    )
    assert [s.study_id for s in found.cohort.studies] == ["a", "d"]


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ({"populaton": ("adult",)}, "did you mean 'population'"),
        ({"population": ("adults",)}, "did you mean 'adult'"),
    ],
)
def test_a_condition_that_nothing_can_meet_is_an_error(
    where: dict[str, tuple[str, ...]], told: str
) -> None:
    with pytest.raises(StudyError, match=told):
        select(data(merge=ABNORMAL, leave_out=("tb",), where=where), cohort())


def test_a_label_that_is_neither_class_nor_left_out_is_an_error() -> None:
    with pytest.raises(StudyError, match="'tb' \\(1 studies\\) is no class of the recipe"):
        select(data(merge=ABNORMAL), cohort())


@pytest.mark.parametrize(
    ("merge", "told"),
    [
        ({"sick": ("viral",)}, "'sick' is none of the classes"),
        ({"abnormal": ("normal",)}, "'normal' stands twice"),
        ({"abnormal": ("viral", "viral")}, "'viral' stands twice"),
    ],
)
def test_labels_are_merged_once(merge: dict[str, tuple[str, ...]], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        data(merge=merge)


def test_a_limit_is_a_number() -> None:
    with pytest.raises(ValidationError, match="age: '>= old': a number was expected"):
        data(merge=ABNORMAL, where={"age": (">= old",)})
