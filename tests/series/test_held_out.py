"""Held out: masks of patients in validation and test are left out of a segmenter's fitting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from leanlung.foundations.errors import StudyError
from leanlung.lungs import Pair
from leanlung.runs import Silent
from leanlung.runs.held_out import HeldOut, LeftOut, leave_out
from leanlung.runs.looks import describe
from leanlung.studies.pictures import decode
from leanlung.studies.study import Cohort, Study

if TYPE_CHECKING:
    from pathlib import Path


def film(path: Path, number: int, size: int = 64) -> Path:
    """Write a film that looks like no film of another number."""
    coarse = np.random.default_rng(number).uniform(0, 255, (9, 9)).astype(np.float32)
    large = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(path), np.clip(large, 0, 255).astype(np.uint8))
    return path


@pytest.fixture
def held(tmp_path: Path) -> HeldOut:
    """Four films of four patients: two in training, one in validation, one in test."""
    parts = {"a": "train", "b": "train", "c": "validation", "d": "test"}
    studies = tuple(
        Study(name, f"pool/patient-{name}", film(tmp_path / f"{name}.png", n), "x")
        for n, name in enumerate(parts)
    )
    facts = {one.study_id: describe(decode(one.image)) for one in studies}
    return HeldOut(Cohort("films", ("x",), studies), parts, facts)


def left(
    folder: Path, held: HeldOut, *pairs: tuple[Path, str]
) -> tuple[list[tuple[str, str]], LeftOut]:
    made = [Pair(image, image, patient, "somebody") for image, patient in pairs]
    kept, out = leave_out(made, held, folder / "cache", Silent())
    return [(pair.image.name, pair.patient_id) for pair in kept], out


def test_films_are_known_by_their_picture_whatever_they_are_called(
    tmp_path: Path, held: HeldOut
) -> None:
    same = film(tmp_path / "same.png", 3)  # as d, in test
    larger = film(tmp_path / "larger.png", 2, size=96)  # nearly as c, in validation
    other = film(tmp_path / "other.png", 9)
    kept, out = left(
        tmp_path, held, (tmp_path / "a.png", "1"), (same, "2"), (larger, "3"), (other, "4")
    )
    assert kept == [("a.png", "1"), ("other.png", "4")]
    assert out == LeftOut(4, {"validation": 1, "test": 1}, 2)
    assert out.as_dict()["told"] == (
        "2 of 4 mask pairs left out, as their patients are validation or test here"
    )


def test_all_pairs_of_a_patient_go_with_the_first(tmp_path: Path, held: HeldOut) -> None:
    later = film(tmp_path / "later.png", 8)
    twice = [(tmp_path / "d.png", "7")] * 2  # masks of two people
    kept, out = left(tmp_path, held, *twice, (later, "7"), (tmp_path / "b.png", "5"))
    assert kept == [("b.png", "5")]
    assert out == LeftOut(4, {"validation": 0, "test": 3}, 1)


def test_patients_are_known_by_their_ids_with_and_without_the_archive(
    tmp_path: Path, held: HeldOut
) -> None:
    fresh = [film(tmp_path / f"fresh-{n}.png", 20 + n) for n in range(3)]
    kept, out = left(
        tmp_path,
        held,
        (fresh[0], "patient-c"),
        (fresh[1], "pool/patient-d"),
        (fresh[2], "patient-a"),
    )
    assert kept == [("fresh-2.png", "patient-a")]
    assert out == LeftOut(3, {"validation": 1, "test": 1}, 2)


def test_where_none_is_left_it_is_told_what_to_do(tmp_path: Path, held: HeldOut) -> None:
    with pytest.raises(StudyError, match=r"1 of 1 mask pairs left out.*lungs.segmenter"):
        left(tmp_path, held, (tmp_path / "d.png", "d"))
