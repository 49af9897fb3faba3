"""Class folders are read without losing an image in silence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from leanlung.foundations.errors import StudyError
from leanlung.studies.folders import read_folders


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def ids(root: Path) -> list[str]:
    return [study.study_id for study in read_folders(root).studies]


def test_folders_are_classes_and_an_image_in_one_is_a_patient_of_its_own(tmp_path):
    cohort = read_folders(touch(tmp_path / "archive", "normal/2.png", "covid/1.png"))
    assert cohort.name == "archive"
    assert cohort.classes == ("covid", "normal")
    first, second = cohort.studies
    assert (first.study_id, first.patient_id, first.label) == ("covid/1.png",) * 2 + ("covid",)
    assert first.image == tmp_path / "archive" / "covid" / "1.png"
    assert first.patient_id_confidence == "image_only"
    assert (second.study_id, second.label) == ("normal/2.png", "normal")


def test_a_folder_in_a_class_is_a_patient(tmp_path):
    touch(tmp_path, "covid/ann/1.png", "covid/ann/2.dcm", "covid/bob/1.png", "covid/3.png")
    cohort = read_folders(tmp_path)
    told = [(s.study_id, s.patient_id, s.patient_id_confidence) for s in cohort.studies]
    assert told == [
        ("covid/3.png", "covid/3.png", "image_only"),
        ("covid/ann/1.png", "ann", "derived"),
        ("covid/ann/2.dcm", "ann", "derived"),
        ("covid/bob/1.png", "bob", "derived"),
    ]


def test_images_and_masks_are_no_patients_but_images_with_their_lung_masks(tmp_path):
    # COVID-19 Radiography Database, versions 3 and 4: COVID/images/… and COVID/masks/…
    touch(tmp_path, "covid/images/1.png", "covid/images/2.png", "covid/masks/1.png")
    touch(tmp_path, "normal/Images/1.jpg", "normal/Masks/1.png", "normal/3.png")
    cohort = read_folders(tmp_path)
    told = [(s.study_id, s.patient_id, s.patient_id_confidence) for s in cohort.studies]
    assert told == [
        (name, name, "image_only")
        for name in (
            "covid/images/1.png",
            "covid/images/2.png",
            "normal/3.png",
            "normal/Images/1.jpg",
        )
    ]
    masks = [
        s.lung_mask and s.lung_mask.relative_to(tmp_path).as_posix() for s in cohort.studies
    ]
    assert masks == ["covid/masks/1.png", None, None, "normal/Masks/1.png"]


def test_masks_without_images_are_refused(tmp_path):
    with pytest.raises(StudyError, match=r"masks.*no folder 'images' beside"):
        read_folders(touch(tmp_path, "covid/masks/1.png"))


def test_a_mask_of_no_image_is_refused(tmp_path):
    touch(tmp_path, "covid/images/1.png", "covid/masks/2.png")
    with pytest.raises(StudyError, match=r"2\.png: no image of the name '2' in .*images"):
        read_folders(tmp_path)


@pytest.mark.parametrize(
    "names",
    [
        ("covid/images/1.png", "covid/images/1.jpg", "covid/masks/1.png"),
        ("covid/images/1.png", "covid/masks/1.bmp", "covid/masks/1.png"),
    ],
)
def test_a_mask_that_could_belong_to_two_images_or_the_other_way_round_is_refused(
    tmp_path, names
):
    with pytest.raises(StudyError, match=r"covid: several files are named '1' in"):
        read_folders(touch(tmp_path, *names))


def test_images_of_one_name_without_a_mask_do_not_matter(tmp_path):
    touch(tmp_path, "covid/images/1.png", "covid/images/1.jpg", "covid/images/2.png")
    touch(tmp_path, "covid/masks/2.png")
    assert len(ids(tmp_path)) == 3


def test_a_patient_in_two_classes_is_one_patient_and_told(tmp_path):
    cohort = read_folders(touch(tmp_path, "covid/ann/1.png", "normal/ann/1.png"))
    assert cohort.patients == cohort.mixed_patients == ("ann",)


SUFFIXES = [".png", ".PNG", ".Jpg", ".jpeg", ".DCM", ".dicom", ".tif", ".TIFF", ".bmp"]
UID = "1.2.840.113619.2.55.3"


@pytest.mark.parametrize("name", [*(f"1{suffix}" for suffix in SUFFIXES), "IM0001", UID])
def test_images_are_told_by_their_suffix_in_capitals_or_not(tmp_path, name):
    assert ids(touch(tmp_path, f"covid/{name}")) == [f"covid/{name}"]


@pytest.mark.parametrize("name", ["1.jfif", "1.webp", "1.gif", "1.jp2", "1.nii", "1.NII.GZ"])
def test_pictures_of_other_kinds_are_kept_to_be_told_as_unreadable(tmp_path, name):
    assert ids(touch(tmp_path, f"covid/{name}")) == [f"covid/{name}"]


@pytest.mark.parametrize(
    "name",
    [
        "covid/.DS_Store",
        "covid/._1.png",
        "covid/.ipynb_checkpoints/1.png",
        "covid/__MACOSX/1.png",
        "__MACOSX/covid/1.png",
        ".git/1.png",
        "covid/Thumbs.db",
        "covid/notes.txt",
        "covid/ann/report.pdf",
        "readme.png",
    ],
)
def test_hidden_files_what_archives_add_and_other_kinds_are_passed_over(tmp_path, name):
    assert ids(touch(tmp_path, "covid/1.png", name)) == ["covid/1.png"]


def test_an_empty_patient_is_passed_over(tmp_path):
    touch(tmp_path, "covid/1.png")
    (tmp_path / "covid" / "ann").mkdir()
    assert ids(tmp_path) == ["covid/1.png"]


def test_links_to_images_and_patients_are_followed(tmp_path):
    touch(tmp_path / "store", "ann/1.png", "2.png")
    covid = touch(tmp_path / "archive", "covid/0.png") / "covid"
    (covid / "ann").symlink_to(tmp_path / "store" / "ann")
    (covid / "2.png").symlink_to(tmp_path / "store" / "2.png")
    assert ids(tmp_path / "archive") == ["covid/0.png", "covid/2.png", "covid/ann/1.png"]


def test_a_link_that_leads_nowhere_is_kept_to_be_told_as_unreadable(tmp_path):
    touch(tmp_path, "covid/1.png")
    (tmp_path / "covid" / "2.png").symlink_to(tmp_path / "gone.png")
    assert ids(tmp_path) == ["covid/1.png", "covid/2.png"]


def test_a_link_to_a_folder_above_does_not_go_round_in_circles(tmp_path):
    touch(tmp_path, "covid/ann/1.png")
    (tmp_path / "covid" / "ann" / "again").symlink_to(tmp_path / "covid")
    with pytest.raises(StudyError, match="folders below its class 'covid'"):
        read_folders(tmp_path)


def test_the_working_folder_has_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(touch(tmp_path / "archive", "covid/1.png"))
    assert read_folders(Path()).name == "archive"


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StudyError) as caught:
        read_folders(tmp_path / "films")
    assert str(caught.value).startswith(f"{tmp_path / 'films'}: no such folder")
    assert "a sub-folder for each class was expected" in str(caught.value)


def test_images_without_class_folders_are_refused(tmp_path):
    with pytest.raises(StudyError) as caught:
        read_folders(touch(tmp_path, "1.png", ".hidden/2.png"))
    assert str(caught.value).startswith(f"{tmp_path}: neither a manifest (cohort.csv,")
    assert "nor a sub-folder for each class" in str(caught.value)


def test_the_parts_of_a_split_are_no_classes(tmp_path):
    # Kermany's archive as it is unpacked; its classes would be taken for patients.
    touch(tmp_path, *(f"{part}/NORMAL/1.jpeg" for part in ("train", "Test", "val")))
    with pytest.raises(StudyError) as caught:
        read_folders(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: the folders ['Test', 'train', 'val'] are parts of a split, and classes "
        "were expected; put each class into one folder, or write a manifest with a column "
        "'split'"
    )


@pytest.mark.parametrize("inside", [[], ["notes.txt"], [".hidden.png"], ["__MACOSX/1.png"]])
def test_an_empty_class_is_named(tmp_path, inside):
    touch(tmp_path, "covid/1.png", *(f"normal/{name}" for name in inside))
    (tmp_path / "normal").mkdir(exist_ok=True)
    with pytest.raises(StudyError) as caught:
        read_folders(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / 'normal'}: class 'normal' is empty; add images or remove the folder"
    )


@pytest.mark.parametrize(("name", "below"), [("a/b/1.png", 2), ("a/b/c/1.dcm", 3)])
def test_an_image_deeper_than_a_patient_is_named(tmp_path, name, below):
    touch(tmp_path, "covid/1.png", f"covid/{name}")
    with pytest.raises(StudyError) as caught:
        read_folders(tmp_path)
    told = str(caught.value)
    assert told.startswith(f"{tmp_path / 'covid' / name}: lies {below} folders below its class")
    assert "class/image or class/patient/image was expected; write a manifest" in told


def test_deep_folders_without_images_do_not_matter(tmp_path):
    touch(tmp_path, "covid/ann/1.png", "covid/ann/notes/deep/a.txt", "covid/ann/.x/y/1.png")
    assert ids(tmp_path) == ["covid/ann/1.png"]


def test_a_name_that_is_not_utf_8_is_refused_because_no_manifest_can_hold_it(tmp_path):
    touch(tmp_path, "covid/1.png")
    (tmp_path / "covid" / os.fsdecode(b"J\xfcrgen.png")).touch()
    with pytest.raises(StudyError) as caught:
        read_folders(tmp_path)
    told = str(caught.value)
    assert told.startswith(f"'covid/J\\udcfcrgen.png' below {tmp_path}: this name is not UTF-8")
    assert told.endswith("rename it")
    assert told.isprintable()
