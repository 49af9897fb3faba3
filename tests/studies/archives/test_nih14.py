"""NIH ChestX-ray14: odd headers, ages with a letter, several findings an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leanlung.foundations.errors import StudyError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leanlung.studies.archives.indexing import Indexed

HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,"
    "View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],\n"
)
ROWS = (
    "00000001_000.png,Cardiomegaly,0,1,058Y,M,PA,2682,2749,0.143,0.143,\n"
    "00000001_001.png,Cardiomegaly|Emphysema,1,1,058Y,M,PA,2894,2729,0.143,0.143,\n"
    "00019124_092.png,Pneumonia,92,19124,016Y,F,AP,2500,2048,0.168,0.168,\n"
    "00000005_000.png,No Finding,0,5,414Y,F,PA,2048,2500,0.168,0.168,\n"
    "00000006_000.png,Pleural_Thickening,0,6,040Y,F,PA,2048,2500,0.168,0.168,\n"
)
NAMES = [line.split(",")[0] for line in ROWS.splitlines()]
TABLE = {"Data_Entry_2017.csv": HEADER + ROWS}
FOLDERS = [f"images_{n + 1:03d}/images/{name}" for n, name in enumerate(NAMES)]


def test_twelve_folders_and_one_are_read_alike(
    plant: Callable[..., Path],
    of: Callable[..., Indexed],
    ids: Callable[[Indexed], dict[str, str]],
    tmp_path: Path,
) -> None:
    found = of(plant(*FOLDERS, texts=TABLE))
    assert found.archive == "nih14"
    assert ids(found)["nih14/00019124_092.png"] == "nih-00019124"
    assert {study.patient_id_confidence for study in found.cohort.studies} == {"exact"}
    assert found.cohort.counts == {
        "normal": 1, "pneumonia": 1, "cardiomegaly": 1, "pleural_thickening": 1,
        "several_findings": 1,
    }  # fmt: skip


def test_the_flat_folder_and_the_second_edition_are_read_too(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    table = {"Data_Entry_2017_v2020.csv": HEADER + ROWS.replace("058Y", "57")}
    found = of(plant(*(f"images/{name}" for name in NAMES), texts=table))
    assert [study.attributes.get("age") for study in found.cohort.studies] == [
        "57", "57", "16", None, "40",
    ]  # fmt: skip


def test_one_finding_may_be_told_from_the_others(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    root = plant(*FOLDERS, texts=TABLE)
    assert of(root, finding="Emphysema").cohort.counts == {
        "normal": 1, "emphysema": 1, "other_finding": 3,
    }  # fmt: skip
    assert of(root, finding="pleural thickening").cohort.counts["pleural_thickening"] == 1
    with pytest.raises(UsageError, match="did you mean 'pneumonia'"):
        of(root, finding="pneumona")


def test_the_archives_own_word_stays(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    told = [s.attributes["finding"] for s in of(plant(*FOLDERS, texts=TABLE)).cohort.studies]
    assert told[:2] == ["Cardiomegaly", "Cardiomegaly|Emphysema"]


def test_the_lists_of_the_archive_are_kept(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    lists = {"train_val_list.txt": "\n".join(NAMES[:3]), "test_list.txt": "\n".join(NAMES[3:])}
    found = of(plant(*FOLDERS, texts=TABLE | lists))
    assert [study.attributes["archive_split"] for study in found.cohort.studies] == [
        "train", "train", "train", "test", "test",
    ]  # fmt: skip


def test_views_ages_and_sexes_are_told(
    plant: Callable[..., Path],
    of: Callable[..., Indexed],
    reasons: Callable[[Indexed], dict[str, list[str]]],
) -> None:
    found = of(plant(*FOLDERS, texts=TABLE), adults=True)
    assert [study.attributes["view"] for study in found.cohort.studies] == ["PA"] * 4
    assert reasons(found) == {"child: younger than 18 years": ["00019124_092.png"]}
    assert "ages above 120 years are taken as not told: 1 images" in found.notes


@pytest.mark.parametrize(
    "row",
    [
        "00000009_000.png,Pneumonia,0,8,40,F,PA,1,1,1,1,\n",
        "film.png,Pneumonia,0,8,40,F,PA,1,1,1,1,\n",
        "00000009_000.png,Pneumonia,0,,40,F,PA,1,1,1,1,\n",
    ],
)
def test_a_name_that_does_not_agree_with_its_patient_is_refused(
    plant: Callable[..., Path], of: Callable[..., Indexed], row: str
) -> None:
    root = plant(*FOLDERS, "images_012/images/00000009_000.png", "images_012/images/film.png",
                 texts={"Data_Entry_2017.csv": HEADER + ROWS + row})  # fmt: skip
    with pytest.raises(StudyError, match="eight digits of the patient"):
        of(root)


def test_a_finding_nobody_knows_is_refused(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    table = {"Data_Entry_2017.csv": HEADER + ROWS.replace("Emphysema", "Ennui")}
    with pytest.raises(StudyError, match="'Ennui'"):
        of(plant(*FOLDERS, texts=table))


def test_a_part_of_the_archive_is_read_as_far_as_it_is_there(
    plant: Callable[..., Path],
    of: Callable[..., Indexed],
    reasons: Callable[[Indexed], dict[str, list[str]]],
) -> None:
    found = of(plant(*FOLDERS[:2], "images_001/images/00000002_000.png", texts=TABLE))
    assert len(found.cohort.studies) == 2
    assert len(reasons(found)["the file is not there"]) == 3
    assert reasons(found)["no row in Data_Entry_2017.csv"] == ["00000002_000.png"]
    with pytest.raises(StudyError, match=r"scan\.png"):
        of(plant("images_001/images/scan.png"))
