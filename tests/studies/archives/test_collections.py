"""Figure 1, Actualmed, and a plain folder such as the Twitter set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leanlung.foundations.errors import StudyError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leanlung.studies.archives.indexing import Indexed

FIGURE1 = (
    "patientid,offset,sex,age,finding,survival,temperature,pO2 saturation,view,modality,"
    "artifacts/distortion,notes\n"
    "COVID-00003a,1,M,50,COVID-19,,,,AP,X-ray,,hôpital\n"
    "COVID-00003b,2,M,50,COVID-19,,,,PA,X-ray,,\n"
    "COVID-00004,,,,,,,,PA,X-ray,,\n"
    "COVID-00005,,,,No Finding,,,,L,X-ray,,\n"
)
FILES = ["images/COVID-00003a.jpg", "images/COVID-00003b.png", "images/COVID-00004.jpg"]
FILES += ["images/COVID-00005.jpg"]
ACTUALMED = (
    "patientid,offset,sex,age,finding,survival,temperature,pO2_saturation,view,modality,"
    "imagename,artifacts/distortion,notes\n"
    "CR-7,,,,COVID-19,,,,AP,X-ray,a.jpg,,\n"
    "CR-7,,,,COVID-19,,,,PA,X-ray,b.jpg,,\n"
    "CR-8,,,,No finding,,,,PA,X-ray,C.JPG,,\n"
    "CR-9,,,,Inconclusive,,,,PA,X-ray,d.jpg,,\n"
    ",,,,COVID-19,,,,PA,X-ray,e.jpg,,\n"
    "CR-10,,,,,,,,PA,X-ray,f.jpg,,\n"
    "CR-11,,,,COVID-19,,,,PA,X-ray,gone.jpg,,\n"
)


def test_letters_after_the_number_are_films_of_one_patient(
    plant: Callable[..., Path],
    of: Callable[..., Indexed],
    ids: Callable[[Indexed], dict[str, str]],
    reasons: Callable[[Indexed], dict[str, list[str]]],
) -> None:
    table = {"metadata.csv": FIGURE1.encode("iso-8859-1")}
    found = of(plant(*FILES, texts=table))
    assert found.archive == "figure1"
    assert ids(found) == {
        "figure1/COVID-00003a": "figure1-COVID-00003",
        "figure1/COVID-00003b": "figure1-COVID-00003",
    }
    assert reasons(found) == {
        "no finding told: blank": ["COVID-00004"],
        "not frontal: L": ["COVID-00005"],
    }


def test_a_film_without_a_row_is_no_new_patient(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    root = plant(*FILES, "images/extra.jpg", texts={"metadata.csv": FIGURE1})
    with pytest.raises(StudyError, match=r"(?s)extra\.jpg.*COVID-00003a\.jpg"):
        of(root)


def test_an_id_without_a_number_is_refused(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    table = {"metadata.csv": FIGURE1 + "unnamed,,,,COVID-19,,,,PA,X-ray,,\n"}
    with pytest.raises(StudyError, match="unnamed"):
        of(plant(*FILES, "images/unnamed.jpg", texts=table))


def test_a_row_without_a_film_is_counted(
    plant: Callable[..., Path],
    of: Callable[..., Indexed],
    reasons: Callable[[Indexed], dict[str, list[str]]],
) -> None:
    found = of(plant(*FILES[1:], texts={"metadata.csv": FIGURE1}))
    assert reasons(found)["the file is not there"] == ["COVID-00003a"]


def test_actualmed_names_its_images_in_a_column(
    plant: Callable[..., Path],
    of: Callable[..., Indexed],
    ids: Callable[[Indexed], dict[str, str]],
    reasons: Callable[[Indexed], dict[str, list[str]]],
) -> None:
    files = [f"images/{letter}.jpg" for letter in "abcdefx"]
    found = of(plant(*files, texts={"metadata.csv": ACTUALMED}))
    assert found.archive == "actualmed"
    assert ids(found) == {
        "actualmed/a.jpg": "actualmed-CR-7",
        "actualmed/b.jpg": "actualmed-CR-7",
        "actualmed/C.JPG": "actualmed-CR-8",
        "actualmed/d.jpg": "actualmed-CR-9",
        "actualmed/e.jpg": "actualmed/e.jpg",
    }
    assert found.cohort.counts == {"normal": 1, "covid": 3, "other_finding": 1}
    assert reasons(found) == {
        "no finding told: blank": ["f.jpg"],
        "the file is not there": ["gone.jpg"],
        "no row in metadata.csv": ["x.jpg"],
    }


def test_a_plain_folder_is_one_class_of_unknown_patients(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    root = plant("a.jpg", "more/b.png", ".hidden.png", "__MACOSX/a.jpg", "readme.txt")
    found = of(root, "plain", label="COVID", source="Twitter")
    assert found.cohort.counts == {"covid": 2}
    assert [(s.study_id, s.patient_id_confidence) for s in found.cohort.studies] == [
        ("plain/Twitter/a.jpg", "image_only"), ("plain/Twitter/more/b.png", "image_only"),
    ]  # fmt: skip
    assert {study.attributes["source"] for study in found.cohort.studies} == {"Twitter"}
    assert "views are not told; all images are taken as frontal" in found.notes


def test_the_name_of_the_catalogue_stands_for_a_plain_folder(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    root = plant("a.jpg", "more/b.png")
    options = {"label": "covid", "source": "Twitter"}
    assert of(root, "twitter", **options) == of(root, "plain", **options)


def test_a_plain_folder_needs_a_label(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    with pytest.raises(UsageError, match="--label"):
        of(plant("a.jpg"), "plain")
