"""Data for a bundle are parted by patient, and what looks alike stays together."""

import shutil
from pathlib import Path

import pytest
import torch

from leanlung.exports import Bundle, load_bundle
from leanlung.foundations.errors import StudyError
from leanlung.foundations.tables import read_table, write_table
from leanlung.pixels import prepare
from leanlung.runs import Silent
from leanlung.runs.bundle_parts import bundle_parts
from leanlung.studies.pictures import decode


@pytest.fixture
def bundle(finished: Path) -> Bundle:
    return load_bundle(finished / "seed-0" / "8-export" / "bundle")


def taken(bundle: Bundle, films: Path, seed: int = 0) -> dict[str, set[str]]:
    """Whose pictures each part holds, found again by their pixels."""
    parts = bundle_parts(bundle, films, Silent(), seed=seed)
    owner = {
        prepare(decode(films / row["image_path"]), bundle.pixels).tobytes(): row["patient_id"]
        for row in read_table(films / "manifest.csv")
    }
    return {
        name: {owner[image.numpy().tobytes()] for image in part.take(range(len(part)))}
        for name, part in (("train", parts.train), ("validation", parts.validation))
    }


def test_no_patient_is_in_both_parts_and_none_is_lost(bundle: Bundle, films: Path) -> None:
    found = taken(bundle, films)
    assert not found["train"] & found["validation"]
    assert len(found["train"] | found["validation"]) == 30
    assert len(found["validation"]) == 6
    assert taken(bundle, films) == found
    assert taken(bundle, films, seed=1) != found


def test_labels_are_places_in_the_classes_of_the_bundle(bundle: Bundle, films: Path) -> None:
    parts = bundle_parts(bundle, films, Silent())
    images = parts.train.take(range(len(parts.train))).squeeze(1).float()
    above = images[:, :16].mean((1, 2)) > images[:, 16:].mean((1, 2))
    assert torch.equal(parts.train.labels == bundle.classes.index("upper"), above)


def test_the_same_picture_of_two_patients_stays_in_one_part(
    bundle: Bundle, films: Path
) -> None:
    """Fifteen patients of a class have one and the same film beside their own."""
    rows = read_table(films / "manifest.csv")
    for n, row in enumerate(rows[1::4]):  # the second film of every patient of ``upper``
        shutil.copy(films / rows[0]["image_path"], films / row["image_path"])
        assert row["label"] == "upper", n
    with pytest.raises(StudyError, match="no study of class 'upper'"):
        bundle_parts(bundle, films, Silent())


def test_a_class_that_is_not_there_is_told(bundle: Bundle, films: Path) -> None:
    rows = [row for row in read_table(films / "manifest.csv") if row["label"] == "upper"]
    write_table(films / "manifest.csv", list(rows[0]), rows)
    with pytest.raises(StudyError, match="no class 'lower'"):
        bundle_parts(bundle, films, Silent())
