"""Check and join manifests: look-alikes, leaks, masks, patients in several."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from PIL import Image

from leanlung.foundations.errors import StudyError
from leanlung.studies.archives.checking import check
from leanlung.studies.archives.joining import join
from leanlung.studies.study import Cohort, Study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five films; 2 is a copy of 1, 3 is 1 saved smaller, 4 is cut off."""
    folder = tmp_path_factory.mktemp("films")
    generator = np.random.default_rng(1)
    for number in (0, 1):
        coarse = generator.integers(0, 256, (9, 9)).astype(np.float32)
        picture = np.clip(cv2.resize(coarse, (64, 64), interpolation=cv2.INTER_CUBIC), 0, 255)
        Image.fromarray(picture.astype(np.uint8)).save(folder / f"{number}.png")
    data = (folder / "1.png").read_bytes()
    (folder / "2.png").write_bytes(data)
    with Image.open(folder / "1.png") as one:
        one.resize((48, 48), Image.Resampling.BILINEAR).save(folder / "3.png")
    (folder / "4.png").write_bytes(data[: len(data) // 2])
    return folder


def cohort_of(folder: Path, *facts: tuple[str, str, str]) -> Cohort:
    """Studies by number of the film; patient, label and part of each."""
    studies = tuple(
        Study(f"s{n}", patient, folder / f"{n}.png", label,
              attributes=MappingProxyType({"split": part} if part else {}))
        for n, (patient, label, part) in enumerate(facts)
    )  # fmt: skip
    return Cohort("c", tuple(dict.fromkeys(study.label for study in studies)), studies)


def test_copies_and_smaller_copies_are_found(films: Path) -> None:
    found = check(cohort_of(films, *[(f"p{n}", "a", "") for n in range(4)]))
    assert set(found.alike) == {
        ("identical", "s1", "s2"),
        ("near_identical", "s1", "s3"),
        ("near_identical", "s2", "s3"),
    }
    assert "look-alikes under different patients: 3 pairs; a split may part them" in found.told
    assert found.leaks == ()


def test_look_alikes_of_two_labels_and_patients_of_two_classes_are_told(films: Path) -> None:
    found = check(cohort_of(films, ("p", "a", ""), ("p", "b", ""), ("p", "a", "")))
    assert "look-alikes with different labels: 1 pairs" in found.told
    assert "patients with images of several classes: 1" in found.told
    assert not any("different patients" in line for line in found.told)


def test_what_stands_in_two_parts_is_a_leak(films: Path) -> None:
    facts = [("p0", "a", "train"), ("p1", "a", "train"), ("p2", "a", "test")]
    found = check(cohort_of(films, *facts))
    assert [(leak.kind, leak.parts) for leak in found.leaks] == [
        ("identical", ("train", "test"))
    ]
    whole = [(patient, label, "train") for patient, label, _ in facts]
    assert check(cohort_of(films, *whole)).leaks == ()


def test_a_part_of_another_name_is_told(films: Path) -> None:
    found = check(cohort_of(films, ("p0", "a", "train"), ("p1", "a", "val")))
    assert any(line.startswith("split: {'val': 1}") for line in found.told)


def test_unreadable_images_are_listed_with_the_reason(films: Path) -> None:
    found = check(cohort_of(films, *[(f"p{n}", "a", "") for n in range(6)]))
    assert [bad.image.name for bad in found.cohort.unreadable] == ["4.png", "5.png"]
    told = found.as_dict()
    assert "damaged or truncated" in told["unreadable"][0]["reason"]
    assert told["images"] == 6


def test_masks_are_looked_at(films: Path, tmp_path: Path, grey: Callable[..., None]) -> None:
    cohort = cohort_of(films, *[(f"p{n}", "a", "") for n in range(4)])
    grey(tmp_path / "0.png", (32, 32), 255)
    grey(tmp_path / "1.png", (64, 64), 0)
    grey(tmp_path / "2.png", (64, 32), 255)
    studies = tuple(
        replace(study, lung_mask=tmp_path / f"{n}.png")
        for n, study in enumerate(cohort.studies)
    )
    told = set(check(replace(cohort, studies=studies)).told)
    assert "lung masks of 1 images: 32 x 32 for 64 x 64 pixels, another size" in told
    assert "lung masks of 1 images: empty" in told
    assert (
        "lung masks of 1 images: 32 x 64 for 64 x 64 pixels, ANOTHER SHAPE: do they belong "
        "together?" in told
    )
    assert any("3.png: cannot be read" in line for line in told)


def test_unknown_patients_are_counted(films: Path) -> None:
    cohort = cohort_of(films, ("p0", "a", ""), ("p1", "a", ""))
    studies = tuple(replace(s, patient_id_confidence="image_only") for s in cohort.studies)
    told = check(replace(cohort, studies=studies)).told
    assert "patients unknown: 2 images, each counted as one" in told


def test_joined_archives_keep_a_patient_of_both_as_one(films: Path) -> None:
    first = cohort_of(films, ("nih-1", "covid", ""), ("nih-2", "normal", ""))
    others = (replace(first.studies[0], study_id="t0"), replace(first.studies[1], study_id="t1",
              patient_id="other"))  # fmt: skip
    joined = join([first, Cohort("d", first.classes, others)], "both")
    assert joined.shared == ("nih-1",)
    assert joined.cohort.classes == ("normal", "covid")
    assert len(joined.cohort.studies) == 4


def test_a_study_of_both_is_refused(films: Path) -> None:
    first = cohort_of(films, ("p", "a", ""))
    with pytest.raises(StudyError, match="stands in c and in d"):
        join([first, replace(first, name="d")], "both")
