"""CheXpert and MIMIC-CXR: uncertain findings, several an image, and views."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from leanlung.foundations.errors import StudyError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leanlung.studies.archives.indexing import Indexed

FINDINGS = (
    "No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung Lesion,Edema,"
    "Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,"
    "Support Devices"
)
COLUMNS = FINDINGS.split(",")


def told(**findings: str) -> str:
    """The fourteen cells; blank where nothing is told."""
    values = {name.replace("_", " "): value for name, value in findings.items()}
    return ",".join(values.get(name, "") for name in COLUMNS)


NORMAL = told(No_Finding="1.0", Support_Devices="1.0")
SICK = told(Pneumonia="1.0", Edema="0.0")
BOTH = told(Pneumonia="1.0", Edema="1.0")
MAYBE = told(Pneumonia="-1.0", Edema="1.0")
DEVICES = told(Support_Devices="1.0")

ROOT = "CheXpert-v1.0-small"
FILMS = [
    (f"{ROOT}/train/patient00001/study1/view1_frontal.jpg", "Female,68,Frontal,AP", NORMAL),
    (f"{ROOT}/train/patient00001/study2/view1_frontal.jpg", "Female,0,Frontal,PA", SICK),
    (f"{ROOT}/train/patient00001/study2/view2_lateral.jpg", "Female,68,Lateral,", SICK),
    (f"{ROOT}/train/patient00002/study1/view1_frontal.jpg", "Unknown,17,Frontal,AP", BOTH),
    (f"{ROOT}/train/patient00003/study1/view1_frontal.jpg", "Male,70,Frontal,AP", MAYBE),
    (f"{ROOT}/train/patient00004/study1/view1_frontal.jpg", "Male,70,Frontal,AP", DEVICES),
]
HEADER = f"Path,Sex,Age,Frontal/Lateral,AP/PA,{FINDINGS}\n"
TRAIN = HEADER + "".join(f"{path},{facts},{cells}\n" for path, facts, cells in FILMS)
VALID = (
    HEADER + f"{ROOT}/valid/patient64541/study1/view1_frontal.jpg,Male,73,Frontal,AP,{NORMAL}\n"
)
NAMES = [path for path, _, _ in FILMS] + [f"{ROOT}/valid/patient64541/study1/view1_frontal.jpg"]


@pytest.fixture(params=["", ROOT])
def chexpert(request: pytest.FixtureRequest, plant: Callable[..., Path]) -> Path:
    """The folder above the archive, and the archive's own."""
    texts = {f"{ROOT}/train.csv": TRAIN, f"{ROOT}/valid.csv": VALID}
    return plant(*NAMES, texts=texts) / str(request.param)


def test_what_uncertain_means_has_to_be_said(
    chexpert: Path, of: Callable[..., Indexed]
) -> None:
    with pytest.raises(UsageError, match="--uncertain"):
        of(chexpert)


def test_a_finding_that_may_be_is_one_none_or_left_out(
    chexpert: Path,
    of: Callable[..., Indexed],
    reasons: Callable[[Indexed], dict[str, list[str]]],
) -> None:
    third = "chexpert/train/patient00003/study1/view1_frontal.jpg"

    def label(policy: str) -> str | None:
        studies = of(chexpert, uncertain=policy).cohort.studies
        return {study.study_id: study.label for study in studies}.get(third)

    assert label("ones") == "several_findings"  # pneumonia and edema
    assert label("zeros") == "edema"
    assert label("ignore") is None
    left = reasons(of(chexpert, uncertain="ignore"))
    assert left["uncertain (-1), and --uncertain ignore"] == [third.removeprefix("chexpert/")]


def test_devices_are_no_finding_and_nothing_told_is_no_normal(
    chexpert: Path,
    of: Callable[..., Indexed],
    reasons: Callable[[Indexed], dict[str, list[str]]],
) -> None:
    found = of(chexpert, uncertain="zeros")
    assert found.archive == "chexpert"
    assert found.cohort.studies[0].label == "normal"
    assert found.cohort.studies[0].attributes["support_devices"] == "1"
    assert reasons(found)["no finding is told, and none is ruled out"] == [
        "train/patient00004/study1/view1_frontal.jpg"
    ]


def test_one_finding_against_the_others(chexpert: Path, of: Callable[..., Indexed]) -> None:
    found = of(chexpert, uncertain="ignore", finding="edema")
    assert found.cohort.counts == {"normal": 2, "edema": 2, "other_finding": 1}


def test_an_uncertain_finding_that_is_not_asked_for_needs_no_policy(
    chexpert: Path, of: Callable[..., Indexed]
) -> None:
    assert of(chexpert, finding="Edema").cohort.counts["edema"] == 2


def test_patients_views_and_parts_are_told(
    chexpert: Path,
    of: Callable[..., Indexed],
    reasons: Callable[[Indexed], dict[str, list[str]]],
) -> None:
    found = of(chexpert, uncertain="zeros")
    first = found.cohort.studies[0]
    assert (first.patient_id, first.patient_id_confidence) == ("chexpert-00001", "exact")
    assert found.cohort.studies[-1].attributes["archive_split"] == "validation"
    assert reasons(found)["not frontal: lateral"] == [
        "train/patient00001/study2/view2_lateral.jpg"
    ]
    ages = [study.attributes.get("age") for study in found.cohort.studies]
    assert ages == ["68", None, "17", "70", "73"]  # 0 is not told
    assert "sex" not in found.cohort.studies[2].attributes


def test_a_path_of_another_form_is_refused(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    root = plant(texts={"train.csv": HEADER + f"film.jpg,Male,1,Frontal,AP,{SICK}\n"})
    with pytest.raises(StudyError, match=r"path 'film\.jpg'"):
        of(root, "chexpert")


def test_where_both_tables_are_missing_they_are_named(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    with pytest.raises(StudyError, match=r"no train\.csv or valid\.csv"):
        of(plant(*NAMES), "chexpert")


def test_a_value_that_is_none_of_four_is_refused(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    row = f"{NAMES[0]},Male,1,Frontal,AP,{told(Edema='2')}\n"
    with pytest.raises(StudyError, match="'2'; 1, 0, -1 or blank"):
        of(plant(NAMES[0], texts={f"{ROOT}/train.csv": HEADER + row}))


IMAGES = (
    "dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns,"
    "StudyDate,StudyTime\n"
    "aa,10000032,50414267,CHEST,PA,1,1,21800506,1\n"
    "ab,10000032,50414267,CHEST,LATERAL,1,1,21800506,1\n"
    "ac,10000032,53189527,CHEST,AP,1,1,21820506,1\n"
    "ad,11000011,51613820,CHEST,,1,1,21500101,1\n"
    "ae,11000011,59999999,CHEST,AP,1,1,21500101,1\n"
)
STUDIES = (
    "subject_id,study_id,Atelectasis,Cardiomegaly,Consolidation,Edema,"
    "Enlarged Cardiomediastinum,Fracture,Lung Lesion,Lung Opacity,No Finding,Pleural Effusion,"
    "Pleural Other,Pneumonia,Pneumothorax,Support Devices\n"
    "10000032,50414267,,,,,,,,,1.0,,,,,\n"
    "10000032,53189527,,,,,,,,,,,,1.0,,\n"
    "11000011,51613820,,,,,,,,,1.0,,,,,\n"
)
SPLIT = "dicom_id,study_id,subject_id,split\naa,1,1,train\nac,1,1,validate\n"
PEOPLE = "subject_id,gender,anchor_age,anchor_year\n10000032,F,52,2180\n"
MIMIC = [
    "files/p10/p10000032/s50414267/aa.jpg", "files/p10/p10000032/s50414267/ab.jpg",
    "files/p10/p10000032/s53189527/ac.jpg", "files/p11/p11000011/s51613820/ad.jpg",
]  # fmt: skip


@pytest.mark.parametrize("packed", [True, False])
def test_mimic_joins_its_tables_packed_or_not(
    plant: Callable[..., Path],
    of: Callable[..., Indexed],
    reasons: Callable[[Indexed], dict[str, list[str]]],
    packed: bool,
) -> None:
    texts: dict[str, str | bytes] = {}
    for name, text in (("metadata", IMAGES), ("chexpert", STUDIES), ("split", SPLIT)):
        file = f"mimic-cxr-2.0.0-{name}.csv"
        texts |= {f"{file}.gz": gzip.compress(text.encode())} if packed else {file: text}
    found = of(plant(*MIMIC, texts=texts | {"patients.csv": PEOPLE}))
    assert found.archive == "mimic_cxr"
    assert [(s.image.stem, s.label, s.patient_id) for s in found.cohort.studies] == [
        ("aa", "normal", "mimic-10000032"), ("ac", "pneumonia", "mimic-10000032"),
    ]  # fmt: skip
    assert [s.attributes["age"] for s in found.cohort.studies] == ["52", "54"]
    assert [s.attributes["archive_split"] for s in found.cohort.studies] == [
        "train",
        "validation",
    ]
    assert {reason: len(names) for reason, names in reasons(found).items()} == {
        "not frontal: LATERAL": 1, "the view is not told": 1,
        "no labels are told for its study": 1,
    }  # fmt: skip


def test_negbio_is_read_where_chexpert_is_not_and_sexes_are_missed(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    texts = {"mimic-cxr-2.0.0-metadata.csv": IMAGES, "mimic-cxr-2.0.0-negbio.csv": STUDIES}
    found = of(plant(*MIMIC, texts=texts))
    assert len(found.cohort.studies) == 2
    assert any("patients.csv" in note for note in found.notes)


def test_a_missing_table_is_named(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    with pytest.raises(StudyError, match=r"no mimic-cxr-2\.0\.0-chexpert\.csv"):
        of(plant(*MIMIC, texts={"mimic-cxr-2.0.0-metadata.csv": IMAGES}))


def test_a_broken_gzip_file_is_named(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    texts = {
        "mimic-cxr-2.0.0-metadata.csv": IMAGES,
        "mimic-cxr-2.0.0-chexpert.csv.gz": gzip.compress(STUDIES.encode())[:-9],
    }
    with pytest.raises(StudyError, match=r"chexpert\.csv\.gz: cannot be read"):
        of(plant(*MIMIC, texts=texts))
