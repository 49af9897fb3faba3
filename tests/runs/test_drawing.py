"""Drawing patients: a small cohort out of a large one, alike in its classes."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import pytest

from leanlung.foundations.errors import StudyError
from leanlung.runs.data import DataSection
from leanlung.runs.drawing import draw_patients
from leanlung.runs.selection import select
from leanlung.studies.study import Cohort, Study


def cohort(patients: int = 40, films: int = 3) -> Cohort:
    """Three quarters of the patients are well, one in five is in the test part."""
    studies = tuple(
        Study(
            f"s{patient}-{film}",
            f"p{patient}",
            Path(f"{patient}-{film}.png"),
            "ill" if patient % 4 == 0 else "well",
            attributes=MappingProxyType({"split": "test" if patient % 5 == 0 else "train"}),
        )
        for patient in range(patients)
        for film in range(films)
    )
    return Cohort("many", ("well", "ill"), studies)


def test_whole_patients_are_drawn_and_classes_and_parts_keep_their_shares() -> None:
    whole = cohort()
    drawn = draw_patients(whole, 60, seed=0)
    assert len(drawn.studies) <= 60
    assert len(drawn.studies) == 3 * len(drawn.patients)  # nobody in part
    # Of 120 studies half are wanted: 90 well and 30 ill, a fifth of each in the test part.
    assert drawn.counts == {"well": 45, "ill": 15}
    test = [s for s in drawn.studies if s.attributes["split"] == "test"]
    assert len(test) == 12


def test_the_same_seed_draws_the_same_patients_and_another_others() -> None:
    whole = cohort()
    first = draw_patients(whole, 60, seed=0).patients
    assert draw_patients(whole, 60, seed=0).patients == first
    assert draw_patients(whole, 60, seed=1).patients != first


def test_nothing_is_drawn_where_there_are_no_more() -> None:
    whole = cohort()
    assert draw_patients(whole, 120, seed=0) is whole


def test_of_a_class_of_few_somebody_stays() -> None:
    studies = [Study(f"w{n}", f"w{n}", Path("a"), "well") for n in range(99)]
    studies.append(Study("ill", "ill", Path("b"), "ill"))
    drawn = draw_patients(Cohort("few", ("well", "ill"), tuple(studies)), 10, seed=0)
    assert drawn.counts == {"well": 9, "ill": 1}


def test_a_limit_below_the_number_of_classes_and_parts_is_refused() -> None:
    with pytest.raises(StudyError, match="a limit of 3 studies"):
        draw_patients(cohort(), 3, seed=0)


def test_a_recipe_may_ask_for_it_and_the_others_are_counted() -> None:
    found = select(DataSection(classes=("well", "ill"), limit=60), cohort())
    assert len(found.cohort.studies) == 60
    assert found.set_aside == {"limit": 60}


def test_a_recipe_without_a_limit_is_written_as_before() -> None:
    plain = DataSection(classes=("well", "ill")).model_dump(mode="json")
    assert "limit" not in plain
    assert "limit_seed" not in plain
    limited = DataSection(classes=("well", "ill"), limit=9).model_dump(mode="json")
    assert (limited["limit"], limited["limit_seed"]) == (9, 0)
