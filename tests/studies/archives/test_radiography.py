"""Radiography Database: four versions, workbooks with a typo, and no patient."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import openpyxl
import pytest

from leanlung.foundations.errors import StudyError
from leanlung.studies.archives.radiography import source_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leanlung.studies.archives.indexing import Indexed

V1 = (
    "COVID-19 Radiography Database/COVID-19/COVID-19 (1).png",
    "COVID-19 Radiography Database/COVID-19/COVID-19(2).png",
    "COVID-19 Radiography Database/NORMAL/NORMAL (1).png",
    "COVID-19 Radiography Database/Viral Pneumonia/Viral Pneumonia (1).png",
)
V2 = tuple(name.replace("COVID-19/COVID-19", "COVID/COVID") for name in V1)
V3 = (
    "COVID-19_Radiography_Dataset/COVID/COVID-1.png",
    "COVID-19_Radiography_Dataset/Lung_Opacity/Lung_Opacity-1.png",
    "COVID-19_Radiography_Dataset/Normal/Normal-1.png",
    "COVID-19_Radiography_Dataset/Viral Pneumonia/Viral Pneumonia-1.png",
)


def v4_of(names: tuple[str, ...]) -> list[str]:
    parts = [name.rpartition("/") for name in names]
    return [
        f"{folder}/{inner}/{name}" for folder, _, name in parts for inner in ("images", "masks")
    ]


def write_book(path: Path, rows: list[tuple[str, ...]]) -> None:
    book = openpyxl.Workbook()
    for line in [("FILE NAME", "FORMAT", "SIZE", "URL"), *rows]:
        book.active.append(line)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)


@pytest.mark.parametrize("names", [V1, V2, V3])
def test_every_version_is_known(
    plant: Callable[..., Path], of: Callable[..., Indexed], names: tuple[str, ...]
) -> None:
    found = of(plant(*names))
    assert found.archive == "radiography"
    assert len(found.cohort.studies) == len(names)
    assert {"covid", "normal", "viral_pneumonia"} <= set(found.cohort.classes)


def test_no_patient_is_known(plant: Callable[..., Path], of: Callable[..., Indexed]) -> None:
    found = of(plant(*V3))
    assert {study.patient_id_confidence for study in found.cohort.studies} == {"image_only"}
    assert len(found.cohort.patients) == 4


def test_masks_of_another_size_are_told(
    plant: Callable[..., Path], of: Callable[..., Indexed], grey: Callable[..., None]
) -> None:
    root = plant()
    for name in v4_of(V3):
        grey(root / name, (299, 299) if "/images/" in name else (256, 256))
    found = of(root)
    assert all(s.lung_mask and s.lung_mask.parent.name == "masks" for s in found.cohort.studies)
    assert "lung masks of 4 images: 256 x 256 for 299 x 299 pixels, another size" in found.notes


def test_a_mask_of_another_shape_is_told_louder(
    plant: Callable[..., Path], of: Callable[..., Indexed], grey: Callable[..., None]
) -> None:
    root = plant(*v4_of(V3))
    first, mask = v4_of(V3)[:2]
    grey(root / first, (299, 299))
    grey(root / mask, (256, 128))
    told = "lung masks of 1 images: 128 x 256 for 299 x 299 pixels, ANOTHER SHAPE"
    assert any(note.startswith(told) for note in of(root).notes)


def test_the_workbooks_tell_sources_whatever_their_capitals_and_typo(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    root = plant(*V3)
    folder = root / "COVID-19_Radiography_Dataset"
    rsna = "https://www.kaggle.com/c/rsna-pneumonia-detection-challenge/data"
    kermany = "https://www.kaggle.com/paultimothymooney/chest-xray-pneumonia"
    write_book(folder / "Normal.metadata.xlsx", [("NORMAL-1", "PNG", "256*256", rsna)])
    write_book(
        folder / "COVID.metadata.xlsx", [("COVID-1", "PNG", "256*256", "https://sirm.org/x")]
    )
    write_book(
        folder / "Viral Pneumonia.matadata.xlsx", [("Viral Pneumonia-1", "PNG", "1", kermany)]
    )
    found = of(root)
    assert {s.label: s.attributes["source"] for s in found.cohort.studies} == {
        "covid": "SIRM", "lung_opacity": "radiography", "normal": "rsna2018",
        "viral_pneumonia": "kermany",
    }  # fmt: skip
    assert any("no source is told for 1 images" in note for note in found.notes)
    grown = of(root, adults=True)
    assert "viral_pneumonia" not in grown.cohort.classes


def test_without_openpyxl_a_workbook_says_how_to_add_it(
    plant: Callable[..., Path], of: Callable[..., Indexed], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = plant(*V3, "COVID.metadata.xlsx")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(StudyError, match=r"pip install \"leanlung\[xlsx\]\""):
        of(root)


def test_a_damaged_workbook_and_one_of_other_columns_are_refused(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    root = plant(*V3, "COVID.metadata.xlsx")
    with pytest.raises(StudyError, match="not a workbook"):
        of(root)
    write_book(root / "COVID.metadata.xlsx", [])
    assert of(root).cohort.studies
    book = openpyxl.Workbook()
    book.active.append(("name", "link"))
    book.save(root / "COVID.metadata.xlsx")
    with pytest.raises(StudyError, match="no column 'file name'"):
        of(root)


@pytest.mark.parametrize("name", ["COVID/film.png", "COVID/Normal-7.png", "Other/COVID-1.png"])
def test_an_unknown_name_is_refused(
    plant: Callable[..., Path], of: Callable[..., Indexed], name: str
) -> None:
    with pytest.raises(StudyError, match=r"expected: COVID-1\.png"):
        of(plant(*V3, name), "radiography")


def test_a_copy_deeper_in_is_left_out(
    plant: Callable[..., Path],
    of: Callable[..., Indexed],
    reasons: Callable[[Indexed], dict[str, list[str]]],
) -> None:
    found = of(plant(*V3, *(f"again/{name}" for name in V3)))
    assert len(reasons(found)["listed or lying there again"]) == 4


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://bimcv.cipf.es/bimcv-projects/bimcv-covid19/", "BIMCV"),
        ("https://github.com/armiro/COVID-CXNet", "COVID-CXNet"),
        ("https://github.com/ml-workgroup/covid-19-image-repository", "Hannover"),
        ("https://www.eurorad.org/case/1", "Eurorad"),
        ("https://example.org/1", "example.org"),
        ("", ""),
    ],
)
def test_urls_name_their_source(url: str, source: str) -> None:
    assert source_of(url) == source
