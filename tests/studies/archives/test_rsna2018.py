"""RSNA 2018: a row a box, an id that is an image, and the mapping to real patients."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from leanlung.foundations.errors import StudyError
from leanlung.studies.archives.rsna2018 import MAPPING, nih_patient, read_mapping

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leanlung.studies.archives.indexing import Indexed

A, B, C, D = (f"{letter * 8}-0000-4000-8000-000000000000" for letter in "abcd")
LABELS = f"""patientId,x,y,width,height,Target
{A},,,,,0
{B},264.0,152.0,213.0,379.0,1
{B},562.0,152.0,256.0,453.0,1
{C},,,,,0
"""
CLASSES = f"""patientId,class
{A},Normal
{B},Lung Opacity
{B},Lung Opacity
{C},No Lung Opacity / Not Normal
"""
TABLES = {
    "stage_2_train_labels.csv": LABELS,
    "stage_2_detailed_class_info.csv": CLASSES,
    "stage_2_sample_submission.csv": "patientId,PredictionString\n",
}
FILES = [f"stage_2_train_images/{one}.dcm" for one in (A, B, C)]
FILES += [f"stage_2_test_images/{D}.dcm", f"__MACOSX/._{A}.dcm"]
NIH = [
    {"subset_img_id": A, "img_id": "00019124_092.png", "orig_labels": ["No Finding"]},
    {"subset_img_id": B, "img_id": "00019124_093.png", "orig_labels": ["Pneumonia"]},
    {"subset_img_id": C, "img_id": "00000007_000.png", "orig_labels": ["No Finding"]},
]


def write_dicom(path: Path, sex: str, age: str, view: str) -> None:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = pydicom.uid.SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    image = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    with pydicom.config.disable_value_validation():  # ages of the archive lack their letter
        image.PatientSex, image.PatientAge, image.ViewPosition = sex, age, view
        image.save_as(path)


def test_every_image_counts_once_with_its_own_class(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    found = of(plant(*FILES, texts=TABLES))
    assert found.archive == "rsna2018"
    assert found.cohort.counts == {"normal": 1, "lung_opacity": 1, "no_opacity_not_normal": 1}
    [sick] = [study for study in found.cohort.studies if study.label == "lung_opacity"]
    assert sick.attributes["finding"] == "Lung Opacity"
    assert sick.attributes["boxes"] == "264.0 152.0 213.0 379.0; 562.0 152.0 256.0 453.0"
    assert "boxes" not in found.cohort.studies[0].attributes  # NaN where Target is 0


def test_without_the_mapping_every_image_is_a_patient_and_it_is_said_where_to_get_it(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    found = of(plant(*FILES, texts=TABLES))
    assert len(found.cohort.patients) == 3
    assert {study.patient_id_confidence for study in found.cohort.studies} == {"image_only"}
    assert any("of 3 images" in note and MAPPING in note for note in found.notes)


@pytest.mark.parametrize("beside", [True, False])
def test_with_the_mapping_patients_are_those_of_the_nih(
    plant: Callable[..., Path], of: Callable[..., Indexed], tmp_path: Path, beside: bool
) -> None:
    mapping = {MAPPING: json.dumps(NIH)}
    root = plant(*FILES, texts=TABLES | (mapping if beside else {}))
    elsewhere = tmp_path / "m.json"
    elsewhere.write_text(json.dumps(NIH))
    found = of(root, **({} if beside else {"mapping": elsewhere}))
    assert [study.patient_id for study in found.cohort.studies] == [
        "nih-00019124", "nih-00019124", "nih-00000007",
    ]  # fmt: skip
    assert {study.patient_id_confidence for study in found.cohort.studies} == {"exact"}
    assert found.cohort.mixed_patients == ("nih-00019124",)
    assert "patients with images of several classes: 1" in found.notes
    assert found.cohort.studies[0].attributes["nih_image"] == "00019124_092.png"


def test_test_images_have_no_labels_and_are_counted(
    plant: Callable[..., Path],
    of: Callable[..., Indexed],
    reasons: Callable[[Indexed], dict[str, list[str]]],
) -> None:
    found = of(plant(*FILES, texts=TABLES))
    assert reasons(found) == {"test image: its label was not published": [D]}


def test_an_image_without_a_row_is_no_new_patient(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    root = plant(*FILES, "stage_2_train_images/scan.dcm", texts=TABLES)
    with pytest.raises(StudyError, match=r"(?s)scan\.dcm.*expected: <patientId>\.dcm"):
        of(root)


def test_a_row_without_an_image_is_counted(
    plant: Callable[..., Path],
    of: Callable[..., Indexed],
    reasons: Callable[[Indexed], dict[str, list[str]]],
) -> None:
    found = of(plant(*FILES[1:], texts=TABLES))
    assert reasons(found)["the file is not there"] == [A]


def test_an_image_of_two_classes_is_refused(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    wrong = TABLES | {"stage_2_detailed_class_info.csv": CLASSES + f"{A},Lung Opacity\n"}
    with pytest.raises(StudyError, match="is 'Normal' and 'Lung Opacity'"):
        of(plant(*FILES, texts=wrong))


def test_the_headers_tell_sex_age_and_view_and_an_age_of_155_is_none(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    root = plant(*FILES, texts=TABLES)
    headers = [("F", "58", "PA"), ("M", "155", "AP"), ("M", "16", "AP")]
    for name, facts in zip((A, B, C), headers, strict=True):
        write_dicom(root / f"stage_2_train_images/{name}.dcm", *facts)
    told = [dict(study.attributes) for study in of(root).cohort.studies]
    assert [(one["sex"], one.get("age"), one["view"]) for one in told] == [
        ("F", "58", "PA"), ("M", None, "AP"), ("M", "16", "AP"),
    ]  # fmt: skip
    grown = of(root, adults=True)
    assert [study.study_id for study in grown.cohort.studies] == [
        f"rsna2018/{A}",
        f"rsna2018/{B}",
    ]
    assert "child: younger than 18 years" in {one.reason for one in grown.left_out}
    assert any(note.startswith("ages above 120") for note in grown.notes)


def test_labels_alone_tell_opacity_or_none(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    found = of(plant(*FILES, texts={"stage_2_train_labels.csv": LABELS}))
    assert found.cohort.counts == {"lung_opacity": 1, "no_lung_opacity": 2}


def test_it_is_found_within_a_folder_and_with_other_capitals(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    deep = {f"rsna/{name.upper()}": text for name, text in TABLES.items()}
    root = plant(*(f"rsna/{name}" for name in FILES), texts=deep)
    assert len(of(root).cohort.studies) == 3


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("m.pkl", "x", "a pickle may run anything"),
        ("m.json", "{", "not the mapping"),
        ("m.json", '[{"img_id": "00000001_000.png"}]', "not the mapping"),
        ("m.json", '[{"subset_img_id": "a", "img_id": "1.png"}]', "no NIH image"),
    ],
)
def test_a_mapping_that_is_none_is_refused(
    tmp_path: Path, name: str, text: str, told: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(StudyError, match=told):
        read_mapping(tmp_path / name)


def test_a_mapping_that_is_not_there_says_where_it_is(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"s3\.amazonaws\.com"):
        read_mapping(tmp_path / "gone.json")


def test_the_first_eight_digits_are_the_patient() -> None:
    assert nih_patient("00019124_092.png") == "nih-00019124"


UIDS = [f"1.2.276.0.7230010.3.1.4.{n}" for n in range(5)]
OPACITY = {"x": 398.8, "y": 242, "width": 358.4, "height": 609.6}
PROJECT: dict[str, Any] = {
    "labelGroups": [
        {
            "name": "Calculated",
            "labels": [
                {"id": "L_v8n", "name": "Lung Opacity"},
                {"id": "L_o8w", "name": "Normal"},
                {"id": "L_yd0", "name": "No Lung Opacity / Not Normal"},
            ],
        },
        {
            "name": "Team 1",
            "labels": [{"id": "L_e", "name": "Exclude"}, {"id": "L_n", "name": "Normal"}],
        },
        {"name": "QA", "labels": [{"id": "L_q", "name": "Question Addressed"}]},
    ],
    "datasets": [
        {
            "annotations": [
                {"SOPInstanceUID": UIDS[0], "labelId": "L_v8n", "data": OPACITY},
                {"SOPInstanceUID": UIDS[0], "labelId": "L_v8n", "data": OPACITY},
                {"SOPInstanceUID": UIDS[1], "labelId": "L_o8w", "data": None},
                {"SOPInstanceUID": UIDS[2], "labelId": "L_yd0", "data": None},
                {"SOPInstanceUID": UIDS[2], "labelId": "L_n", "data": None},
                {"SOPInstanceUID": UIDS[3], "labelId": "L_e", "data": None},
                {"SOPInstanceUID": UIDS[4], "labelId": "L_n", "data": None},
                {"StudyInstanceUID": "1.2", "labelId": "L_q", "data": None},
            ]
        }
    ],
}
ANNOTATIONS = "pneumonia-challenge-annotations-adjudicated-kaggle_2018.json"
WEBSITE = [f"images/1.2.{n}/1.3.{n}/{uid}.dcm" for n, uid in enumerate(UIDS)]


def test_as_rsna_gives_it_the_verdict_of_all_readers_counts(
    plant: Callable[..., Path],
    of: Callable[..., Indexed],
    reasons: Callable[[Indexed], dict[str, list[str]]],
) -> None:
    nih = [{**NIH[0], "SOPInstanceUID": UIDS[0]}, {**NIH[2], "SOPInstanceUID": UIDS[1]}]
    texts = {ANNOTATIONS: json.dumps(PROJECT), MAPPING: json.dumps(nih)}
    found = of(plant(*WEBSITE, texts=texts))
    assert found.archive == "rsna2018"
    assert [(s.label, s.patient_id) for s in found.cohort.studies] == [
        ("lung_opacity", "nih-00019124"),
        ("normal", "nih-00000007"),
        ("no_opacity_not_normal", f"rsna2018/{UIDS[2]}"),
    ]
    box = "398.8 242 358.4 609.6"
    assert found.cohort.studies[0].attributes["boxes"] == f"{box}; {box}"
    assert reasons(found) == {
        "no verdict: a reader marked it Exclude": [UIDS[3]],
        "no verdict of all readers": [UIDS[4]],
    }


def test_a_file_that_is_no_uid_is_no_image_of_rsna(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    with pytest.raises(StudyError, match="scan"):
        of(plant(*WEBSITE, "images/scan.dcm", texts={ANNOTATIONS: json.dumps(PROJECT)}))


def test_two_verdicts_and_another_file_are_refused(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    second = {"SOPInstanceUID": UIDS[0], "labelId": "L_o8w", "data": None}
    given = [*PROJECT["datasets"][0]["annotations"], second]
    twice = PROJECT | {"datasets": [{"annotations": given}]}
    with pytest.raises(StudyError, match="'Lung Opacity', 'Normal'"):
        of(plant(*WEBSITE, texts={ANNOTATIONS: json.dumps(twice)}))
    with pytest.raises(StudyError, match="labelGroups and datasets were expected"):
        of(plant(*WEBSITE, texts={ANNOTATIONS: "[]"}))
