"""An archive is finished or redrawn, never half there, and never another one's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from leanlung.foundations.errors import StudyError
from leanlung.foundations.seeds import Seeds
from leanlung.foundations.tables import read_table
from leanlung.studies.phantoms import PhantomSpec, draw, make, patients
from leanlung.studies.pictures import decode

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = (
    "study_id",
    "image_path",
    "mask_path",
    "lesion_path",
    "label",
    "patient_id",
    "patient_id_confidence",
    "source",
    "view",
    "sex",
    "age",
    "modality",
    "license",
)

SPEC = PhantomSpec(patients=4, images=(1, 2), size=64)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_cohort_of_made_up_studies(tmp_path: Path) -> None:
    cohort = make(tmp_path / "new" / "archive", SPEC)
    everybody = list(patients(SPEC))
    assert cohort.made_up
    assert cohort.classes == SPEC.classes
    assert cohort.patients == tuple(patient.id for patient in everybody)
    assert len(cohort.studies) == sum(patient.images for patient in everybody)
    assert {study.patient_id_confidence for study in cohort.studies} == {"exact"}
    assert {study.attributes["source"] for study in cohort.studies} <= {
        "phantom hospital A",
        "phantom hospital B",
    }
    for study in cohort.studies:
        patient = next(one for one in everybody if one.id == study.patient_id)
        assert study.label == patient.label
        assert study.attributes["sex"] == patient.sex
        assert study.attributes["age"] == str(patient.age)
        assert study.attributes["view"] == {"A": "PA", "B": "AP"}[patient.hospital]


def test_the_manifest_has_every_column_and_paths_that_move_with_the_folder(
    tmp_path: Path,
) -> None:
    make(tmp_path / "here", SPEC)
    (tmp_path / "here").rename(tmp_path / "there")
    rows = read_table(tmp_path / "there" / "cohort.csv")
    assert tuple(rows[0]) == COLUMNS
    for row in rows:
        for column in ("image_path", "mask_path", "lesion_path"):
            assert (tmp_path / "there" / row[column]).is_file()


def test_files_hold_what_was_drawn(tmp_path: Path) -> None:
    cohort = make(tmp_path, SPEC)
    patient = list(patients(SPEC))[1]
    study = next(one for one in cohort.studies if one.patient_id == patient.id)
    drawn = draw(
        Seeds(SPEC.seed),
        patient.number,
        label=patient.label,
        hospital=patient.hospital,
        size=SPEC.size,
        sex=patient.sex,
        age=patient.age,
    )
    np.testing.assert_array_equal(np.rint(decode(study.image) * 255), drawn.image)
    np.testing.assert_array_equal(decode(study.lung_mask) > 0, drawn.lungs)
    lesion = decode(tmp_path / study.attributes["lesion_path"])
    np.testing.assert_array_equal(lesion > 0, drawn.lesion)


def test_every_png_says_that_it_is_made_up(tmp_path: Path) -> None:
    make(tmp_path, SPEC)
    for path in tmp_path.rglob("*.png"):
        with Image.open(path) as image:
            assert image.mode == "L"
            assert "made up" in image.text["Comment"]


def test_the_same_specification_makes_the_same_bytes(tmp_path: Path) -> None:
    make(tmp_path / "one", SPEC)
    make(tmp_path / "two", SPEC)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_a_finished_archive_is_taken_as_it_is(tmp_path: Path) -> None:
    first = make(tmp_path, SPEC)
    first.studies[0].image.write_bytes(b"touched")
    second = make(tmp_path, SPEC)
    assert second == first
    assert first.studies[0].image.read_bytes() == b"touched"


def test_an_unfinished_archive_is_drawn_anew(tmp_path: Path) -> None:
    make(tmp_path, SPEC)
    whole = contents(tmp_path)
    (tmp_path / "cohort.csv").unlink()
    (tmp_path / "images" / "phantom-00001-0.png").write_bytes(b"half of a picture")
    (tmp_path / "images" / "left-over.png").write_bytes(b"of a larger archive")
    make(tmp_path, SPEC)
    assert contents(tmp_path) == whole


def test_an_unfinished_archive_may_become_another(tmp_path: Path) -> None:
    make(tmp_path / "a", SPEC)
    (tmp_path / "a" / "cohort.csv").unlink()
    other = PhantomSpec(patients=2, size=64, seed=5)
    make(tmp_path / "a", other)
    make(tmp_path / "b", other)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_an_archive_of_another_specification_is_left_alone(tmp_path: Path) -> None:
    make(tmp_path, SPEC)
    before = contents(tmp_path)
    with pytest.raises(StudyError, match="another specification; choose another folder"):
        make(tmp_path, PhantomSpec(patients=4, images=(1, 2), size=64, seed=1))
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", ["cohort.csv", "thesis.docx"])
def test_somebody_elses_folder_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(StudyError, match="holds something else than phantoms"):
        make(tmp_path, SPEC)
    assert contents(tmp_path) == {name: b"mine"}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "archive").touch()
    with pytest.raises(StudyError, match="holds something else"):
        make(tmp_path / "archive", SPEC)
