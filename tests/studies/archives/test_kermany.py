"""Kermany: persons counted per subtype, two distributions, a second copy in the zip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leanlung.foundations.errors import StudyError
from leanlung.studies.archives.kermany import named

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leanlung.studies.archives.indexing import Indexed

KAGGLE = (
    "chest_xray/train/NORMAL/IM-0115-0001.jpeg",
    "chest_xray/train/NORMAL/IM-0115-0001-0002.jpeg",
    "chest_xray/train/NORMAL/NORMAL2-IM-0115-0001.jpeg",
    "chest_xray/train/PNEUMONIA/person1_bacteria_1.jpeg",
    "chest_xray/train/PNEUMONIA/person1_bacteria_2.jpeg",
    "chest_xray/test/PNEUMONIA/person1_virus_6.jpeg",
    "chest_xray/val/PNEUMONIA/person1946_bacteria_4874.jpeg",
)
MACOSX = ("chest_xray/__MACOSX/train/NORMAL/._IM-0115-0001.jpeg", "chest_xray/train/.DS_Store")


def test_persons_are_counted_anew_for_every_subtype(
    plant: Callable[..., Path],
    of: Callable[..., Indexed],
    ids: Callable[[Indexed], dict[str, str]],
) -> None:
    found = of(plant(*KAGGLE, *MACOSX))
    assert found.archive == "kermany"
    assert ids(found) == {
        "kermany/train/NORMAL/IM-0115-0001.jpeg": "kermany-IM-0115",
        "kermany/train/NORMAL/IM-0115-0001-0002.jpeg": "kermany-IM-0115",
        "kermany/train/NORMAL/NORMAL2-IM-0115-0001.jpeg": "kermany-N2-0115",
        "kermany/train/PNEUMONIA/person1_bacteria_1.jpeg": "kermany-bacteria-1",
        "kermany/train/PNEUMONIA/person1_bacteria_2.jpeg": "kermany-bacteria-1",
        "kermany/test/PNEUMONIA/person1_virus_6.jpeg": "kermany-virus-1",
        "kermany/validation/PNEUMONIA/person1946_bacteria_4874.jpeg": "kermany-bacteria-1946",
    }
    assert {study.patient_id_confidence for study in found.cohort.studies} == {"derived"}
    assert found.cohort.counts == {"normal": 3, "bacterial_pneumonia": 3, "viral_pneumonia": 1}


def test_the_second_series_may_be_merged_with_the_first(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    root = plant(*KAGGLE)
    assert "kermany-N2-0115" in of(root).cohort.patients
    assert "kermany-N2-0115" not in of(root, merge_series=True).cohort.patients


def test_the_second_copy_within_the_zip_is_left_out(
    plant: Callable[..., Path],
    of: Callable[..., Indexed],
    reasons: Callable[[Indexed], dict[str, list[str]]],
) -> None:
    root = plant(*KAGGLE, *(f"chest_xray/{name}" for name in KAGGLE))
    found = of(root)
    assert len(found.cohort.studies) == len(KAGGLE)
    assert all("chest_xray/chest_xray" not in str(s.image) for s in found.cohort.studies)
    assert len(reasons(found)["listed or lying there again"]) == len(KAGGLE)


def test_mendeley_names_class_and_patient(
    plant: Callable[..., Path],
    of: Callable[..., Indexed],
    ids: Callable[[Indexed], dict[str, str]],
) -> None:
    root = plant(
        "chest_xray/train/NORMAL/NORMAL-1003233-0001.jpeg",
        "chest_xray/train/PNEUMONIA/BACTERIA-7422-0001.jpeg",
        "chest_xray/train/PNEUMONIA/BACTERIA-7422-0002.jpeg",
        "chest_xray/test/PNEUMONIA/VIRUS-7422-0001.jpeg",
        "OCT2017/train/CNV/CNV-1016042-1.jpeg",
    )
    found = of(root, "kermany")
    assert sorted(set(ids(found).values())) == [
        "kermany-BACTERIA-7422", "kermany-NORMAL-1003233", "kermany-VIRUS-7422",
    ]  # fmt: skip
    assert [one.reason for one in found.left_out] == ["an OCT scan of the retina, no chest"]


@pytest.mark.parametrize(
    "name",
    [
        "chest_xray/train/PNEUMONIA/patient7.jpeg",
        "chest_xray/train/PNEUMONIA/IM-0115-0001.jpeg",
        "chest_xray/train/NORMAL/person1_bacteria_1.jpeg",
        "chest_xray/train/person1_bacteria_1.jpeg",
    ],
)
def test_an_unknown_name_or_place_is_no_new_patient(
    plant: Callable[..., Path], of: Callable[..., Indexed], name: str
) -> None:
    with pytest.raises(StudyError) as caught:
        of(plant(*KAGGLE, name), "kermany")
    assert name in str(caught.value)
    assert "person1_virus_6.jpeg" in str(caught.value)


def test_names_are_known_whatever_their_capitals(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    assert named("PERSON3_VIRUS_10.JPEG") == ("virus", "virus-3")
    root = plant("Chest_XRay/Train/Normal/im-0115-0001.JPG")
    assert of(root).cohort.patients == ("kermany-IM-0115",)


def test_the_archives_own_part_is_kept_under_our_names(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    found = of(plant(*KAGGLE))
    assert {s.attributes["archive_split"] for s in found.cohort.studies} == {
        "train", "validation", "test",
    }  # fmt: skip
    assert not any("split" in study.attributes for study in found.cohort.studies)


def test_a_patient_in_two_of_the_archives_parts_is_told(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    root = plant(*KAGGLE, "chest_xray/test/PNEUMONIA/person1_bacteria_9.jpeg")
    assert "patients in several of the archive's own parts: 1" in of(root).notes


def test_where_adults_are_asked_for_nothing_is_left(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    with pytest.raises(StudyError, match="7 child: the whole source is children"):
        of(plant(*KAGGLE), adults=True)
