"""CT archives: 20 volumes with masks in both distributions, and COVID-CT's lists."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nibabel
import numpy as np
import openpyxl
import pytest
from PIL import Image

from leanlung.foundations.errors import StudyError, UsageError
from leanlung.foundations.seeds import Seeds
from leanlung.studies.archives import covid19_ct
from leanlung.studies.archives.asked import Asked
from leanlung.studies.archives.indexing import guess, index
from leanlung.studies.manifest import read_manifest, write_manifest
from leanlung.studies.phantoms import ThoraxSpec, draw_thorax, make_ct
from leanlung.studies.pictures import decode

if TYPE_CHECKING:
    from collections.abc import Callable

SPEC = ThoraxSpec(patients=3, slices=(12, 16), size=64)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_ct(tmp_path_factory.mktemp("scans") / "kaggle", SPEC)


@pytest.fixture
def kaggle(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "kaggle")


def truth() -> dict[str, str]:
    """Label every slice with lung from the voxels themselves."""
    labels = {}
    for number, name in enumerate(
        ("coronacases_001", "coronacases_002", "radiopaedia_3_80003_1")
    ):
        thorax = draw_thorax(Seeds(SPEC.seed), number, SPEC)
        for place, (lungs, infection) in enumerate(
            zip(thorax.lungs, thorax.infection, strict=True)
        ):
            if lungs.any():
                label = "infected" if infection.any() else "clear"
                labels[f"covid19_ct/{name}/z={place:03d}"] = label
    return labels


def found_in(root: Path, **asked: Any) -> dict[str, str]:
    return {s.study_id: s.label for s in index(root, asked=Asked(**asked)).cohort.studies}


def test_every_slice_with_lung_is_a_study_labelled_by_its_infection(
    kaggle: Path, reasons: Callable[..., dict[str, list[str]]]
) -> None:
    assert guess(kaggle) == ["covid19_ct"]
    found = index(kaggle)
    assert {s.study_id: s.label for s in found.cohort.studies} == truth()
    assert set(truth().values()) == {"infected", "clear"}
    total = sum(len(draw_thorax(Seeds(0), n, SPEC).lungs) for n in range(3))
    assert set(reasons(found)) == {"a slice without lung"}
    assert len(found.cohort.studies) + len(found.left_out) == total
    assert found.cohort.classes == ("clear", "infected")
    assert found.cohort.made_up


def test_slices_are_read_as_pictures_and_their_masks_fit(kaggle: Path) -> None:
    studies = {s.study_id: s for s in index(kaggle).cohort.studies}
    for number, name in ((0, "coronacases_001"), (2, "radiopaedia_3_80003_1")):
        thorax = draw_thorax(Seeds(0), number, SPEC)
        place = int(np.argmax(thorax.infection.sum((1, 2))))
        one = studies[f"covid19_ct/{name}/z={place:03d}"]
        # -1250 to 250, however the volume is stored.
        plane = thorax.hounsfield[place].astype(float)
        grey = np.rint(np.clip((plane + 1250) / 1500, 0, 1) * 255)
        assert np.abs(decode(one.image) * 255 - grey).max() <= 1
        assert one.lung_mask is not None
        np.testing.assert_array_equal(decode(one.lung_mask) > 0, thorax.lungs[place] > 0)
        lesion = decode(Path(one.attributes["lesion_path"])) > 0
        np.testing.assert_array_equal(lesion, thorax.infection[place])
        assert one.attributes["infection_pixels"] == str(int(lesion.sum()))


def zenodo(kaggle: Path, root: Path) -> Path:
    """Lay the same volumes out as Zenodo does: other folders, scans named as masks."""
    folders = {
        "ct_scans": "COVID-19-CT-Seg_20cases",
        "lung_mask": "Lung_Mask",
        "infection_mask": "Infection_Mask",
        "lung_and_infection_mask": "Lung_and_Infection_Mask",
    }
    for old, new in folders.items():
        for path in (kaggle / old).iterdir():
            case = covid19_ct.case_of(path.name)
            assert case is not None
            (root / new).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, root / new / f"{case[0]}.nii.gz")
    return root


def test_zenodo_s_folders_and_names_give_the_same(kaggle: Path, tmp_path: Path) -> None:
    root = zenodo(kaggle, tmp_path / "zenodo")
    assert guess(root) == ["covid19_ct"]
    assert found_in(root) == truth()


def test_every_trap_of_unzipping_and_of_copies(kaggle: Path) -> None:
    def move(old: str, new: str) -> None:
        (kaggle / new).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(kaggle / old, kaggle / new)

    scans = "ct_scans/coronacases_org_00"
    for number in (1, 2):  # not packed, one in a folder of its own name, one misspelt
        path = kaggle / f"{scans}{number}.nii.gz"
        nibabel.save(nibabel.load(path), path.with_suffix(""))
        path.unlink()
    move(f"{scans}1.nii", "ct_scans/aside")
    move("ct_scans/aside", f"{scans}1.nii/coronacases_org_001.nii")
    move(f"{scans}2.nii", "ct_scans/case002.nii")
    move("lung_mask/coronacases_002.nii.gz", "lung_mask/coronacases_org_case002.nii.gz")
    (kaggle / "__MACOSX" / "ct_scans").mkdir(parents=True)
    (kaggle / "__MACOSX" / "ct_scans" / "._coronacases_org_001.nii").write_bytes(b"")
    move("infection_mask", "Infection_mask")
    assert found_in(kaggle.parent) == truth()


@pytest.mark.parametrize(
    ("name", "case", "patient"),
    [
        ("coronacases_org_007.nii", "coronacases_007", "coronacases_007"),
        ("coronacases_org_case010.nii", "coronacases_010", "coronacases_010"),
        ("case009.nii", "coronacases_009", "coronacases_009"),
        (
            "radiopaedia_org_covid-19-pneumonia-10_85902_1-dcm.nii",
            "radiopaedia_10_85902_1",
            "radiopaedia_10",
        ),
        ("radiopaedia_10_85902_3.nii.gz", "radiopaedia_10_85902_3", "radiopaedia_10"),
        ("radiopaedia_29_86490_1.nii", "radiopaedia_29_86490_1", "radiopaedia_29"),
        ("radiopaedia_29_86491_1.nii", "radiopaedia_29_86491_1", "radiopaedia_29"),
        ("radiopaedia_4_85506_1.nii", "radiopaedia_4_85506_1", "radiopaedia_4"),
    ],
)  # fmt: skip
def test_a_name_tells_the_volume_and_the_patient(name: str, case: str, patient: str) -> None:
    assert covid19_ct.case_of(name) == (case, patient)


def test_a_volume_of_another_name_is_an_error(kaggle: Path) -> None:
    shutil.copy(kaggle / "ct_scans/coronacases_org_001.nii.gz", kaggle / "ct_scans/mine.nii.gz")
    with pytest.raises(StudyError, match=r"a file whose name tells no patient(.|\n)*mine"):
        index(kaggle)


def test_the_same_volume_twice_counts_once(
    kaggle: Path, reasons: Callable[..., dict[str, list[str]]]
) -> None:
    (kaggle / "copy/ct_scans").mkdir(parents=True)
    shutil.copy(kaggle / "ct_scans/coronacases_org_001.nii.gz", kaggle / "copy/ct_scans")
    found = index(kaggle)
    assert len(reasons(found)["listed or lying there again"]) == 1
    assert len(found.cohort.studies) == len(truth())


def test_slices_of_a_volume_without_mask_of_infection_are_listed(
    kaggle: Path, reasons: Callable[..., dict[str, list[str]]]
) -> None:
    for folder in ("infection_mask", "lung_and_infection_mask"):
        (kaggle / folder / "coronacases_002.nii.gz").unlink()
    found = index(kaggle)
    thorax = draw_thorax(Seeds(0), 1, SPEC)
    assert len(reasons(found)["no mask of infection"]) == len(thorax.lungs)
    assert len(reasons(found)["the file is not there"]) == 2
    assert {s.attributes["volume"] for s in found.cohort.studies} == {
        "coronacases_001", "radiopaedia_3_80003_1"
    }  # fmt: skip


def test_the_combined_mask_stands_in_for_a_missing_one(kaggle: Path) -> None:
    (kaggle / "infection_mask/coronacases_002.nii.gz").unlink()
    (kaggle / "lung_mask/radiopaedia_3_80003_1.nii.gz").unlink()
    found = index(kaggle)
    assert {s.study_id: s.label for s in found.cohort.studies} == truth()
    one = next(
        s for s in found.cohort.studies
        if s.label == "infected" and s.attributes["volume"] == "coronacases_002"
    )  # fmt: skip
    lesion = decode(Path(one.attributes["lesion_path"]))
    assert str(int(lesion.sum())) == one.attributes["infection_pixels"]


def test_few_pixels_of_infection_are_neither(
    kaggle: Path, reasons: Callable[..., dict[str, list[str]]]
) -> None:
    pixels = [
        int(plane.sum())
        for number in range(3)
        for plane in draw_thorax(Seeds(0), number, SPEC).infection
    ]
    few = sum(0 < count < 30 for count in pixels)
    assert few
    found = index(kaggle, asked=Asked(infected_pixels=30))
    assert len(reasons(found)["fewer pixels of infection than asked for"]) == few
    assert found.cohort.counts["infected"] == sum(count >= 30 for count in pixels)


@pytest.mark.parametrize("kind", ["shape", "affine", "truncated"])
def test_a_volume_with_a_bad_mask_is_left_out_and_the_others_go_on(
    kaggle: Path, reasons: Callable[..., dict[str, list[str]]], kind: str
) -> None:
    path = kaggle / "lung_mask/coronacases_001.nii.gz"
    image = nibabel.load(path)
    voxels, affine = np.asarray(image.dataobj), image.affine.copy()
    if kind == "shape":
        nibabel.save(nibabel.Nifti1Image(voxels[:, :, 1:], affine), path)
    elif kind == "affine":
        affine[2, 3] += 40.0
        nibabel.save(nibabel.Nifti1Image(voxels, affine), path)
    else:
        path.write_bytes(path.read_bytes()[:-100])
    found = index(kaggle)
    assert reasons(found)["a volume that cannot be used; see the notes"] == ["coronacases_001"]
    assert any("coronacases_001.nii.gz" in note for note in found.notes)
    volumes = {s.attributes["volume"] for s in found.cohort.studies}
    assert volumes == {"coronacases_002", "radiopaedia_3_80003_1"}


def test_the_manifest_of_slices_is_read_again(kaggle: Path, tmp_path: Path) -> None:
    cohort = index(kaggle).cohort
    write_manifest(tmp_path / "m.csv", cohort)
    again = read_manifest(tmp_path / "m.csv")
    assert [s.image for s in again.studies] == [s.image for s in cohort.studies]
    assert [s.lung_mask for s in again.studies] == [s.lung_mask for s in cohort.studies]
    assert again.patients == cohort.patients
    assert decode(again.studies[3].image).shape == (64, 64)


def test_the_option_does_not_go_for_other_archives(kaggle: Path) -> None:
    with pytest.raises(UsageError, match="--infected-pixels does not go for covid_ct"):
        index(kaggle, "covid_ct", Asked(infected_pixels=5))


@pytest.mark.real
def test_the_real_layout_in_small_is_read(real_data: Path) -> None:
    found = index(real_data / "ct" / "nifti_mini_kaggle_layout")
    volumes = Counter(s.attributes["volume"] for s in found.cohort.studies)
    assert volumes == {
        "coronacases_001": 18,
        "coronacases_006": 18,
        "radiopaedia_4_85506_1": 18,
    }
    one = found.cohort.studies[9]
    assert one.lung_mask is not None
    lungs, picture = decode(one.lung_mask) > 0, decode(one.image)
    assert picture[lungs].mean() < picture[~lungs & (picture > 0.3)].mean()


# COVID-CT

NAMES = ["2020.02.10.20021584-p6-52%0.png", "a, b and c_1.png", "Plain name.jpg"]


@pytest.fixture
def pictures(plant: Callable[..., Path]) -> Path:
    root: Path = plant(
        texts={
            "Data-split/COVID/trainCT_COVID.txt": "\n".join(NAMES[:2]) + "\n",
            "Data-split/COVID/valCT_COVID.txt": f"{NAMES[2]}\r\n",
            "Data-split/COVID/testCT_COVID.txt": "gone.png",
            "Data-split/NonCOVID/testCT_NonCOVID.txt": "0.jpg\n",
        }
    )
    for folder, names in (("CT_COVID", NAMES), ("CT_NonCOVID", ["0.jpg", "1%0.png"])):
        for place, name in enumerate(names):
            path = root / "Images-processed" / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (8, 8), 40 * place + 9).save(path)
    return root


def test_odd_names_are_found_in_the_lists_and_covid_is_class_0(
    pictures: Path, reasons: Callable[..., dict[str, list[str]]]
) -> None:
    assert guess(pictures) == ["covid_ct"]
    found = index(pictures)
    assert found.cohort.classes == ("covid", "no_covid")
    parts = {s.image.name: s.attributes.get("archive_split", "") for s in found.cohort.studies}
    assert parts == {
        NAMES[0]: "train", NAMES[1]: "train", NAMES[2]: "validation",
        "0.jpg": "test", "1%0.png": "",
    }  # fmt: skip
    assert reasons(found)["the file is not there"] == ["CT_COVID/gone.png"]
    assert "in no list of Data-split: 1 pictures" in found.notes
    assert "no patient is known for 5 of 5 pictures" in found.notes


def test_the_workbook_tells_patients_of_covid_alone(pictures: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("positive_captions")
    book.active.append(["something else"])
    sheet.append(["image index", "File name", "Patient ID", "Age", "Gender", "DOI"])
    sheet.append([1, NAMES[0], "Patient 7", "45", "M", ""])
    sheet.append([2, NAMES[1], "Patient 7", "", "", ""])
    sheet.append([3, "1%0.png", "Patient 9", "", "", ""])
    book.save(pictures / "COVID-CT-MetaInfo.xlsx")
    people = {
        s.image.name: (s.patient_id, s.patient_id_confidence)
        for s in index(pictures).cohort.studies
    }
    assert people[NAMES[0]] == people[NAMES[1]] == ("covid_ct/Patient 7", "derived")
    assert people[NAMES[2]][1] == people["1%0.png"][1] == "image_only"
    told = next(s for s in index(pictures).cohort.studies if s.image.name == NAMES[0])
    assert (told.attributes["age"], told.attributes["sex"]) == ("45", "M")


def test_pictures_that_are_still_packed_are_told(plant: Callable[..., Path]) -> None:
    root = plant("Images-processed/CT_COVID.zip", "Images-processed/CT_NonCOVID.zip")
    with pytest.raises(StudyError, match="still packed"):
        index(root, "covid_ct")


@pytest.mark.real
def test_the_real_pictures_are_counted(real_data: Path) -> None:
    assert index(real_data / "ct" / "covid_ct").cohort.counts == {"covid": 307, "no_covid": 361}
