"""Montgomery, Shenzhen and JSRT: masks of two lungs, clinical readings, raw films."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from leanlung.foundations.errors import StudyError
from leanlung.studies.pictures import decode, decode_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from leanlung.studies.archives.indexing import Indexed

SIDES = ("leftMask", "rightMask")


def half(path: Path, side: str, size: int = 8) -> None:
    """A mask whose left or right half is lung."""
    lung = np.zeros((size, size), np.uint8)
    lung[:, : size // 2] = 255 * ("left" in side)
    lung[:, size // 2 :] = 255 * ("right" in side)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(lung).save(path)


@pytest.fixture
def montgomery(plant: Callable[..., Path], grey: Callable[..., None]) -> Path:
    readings = {
        "MontgomerySet/ClinicalReadings/MCUCXR_0001_0.txt": (
            "Patient's Sex: F\r\nPatient's Age: 027Y\r\nnormal\r\n"
        ),
        "MontgomerySet/ClinicalReadings/MCUCXR_0104_1.txt": (
            "Patient's Sex: M\nPatient's Age: 012Y\ncavity\nright upper lobe 5 mm\n"
        ),
    }
    root = plant("MontgomerySet/NLM-MontgomeryCXRSet-ReadMe.pdf", texts=readings)
    for name in ("MCUCXR_0001_0.png", "MCUCXR_0104_1.png"):
        grey(root / "MontgomerySet/CXR_png" / name, (8, 8))
        for side in SIDES:
            half(root / "MontgomerySet/ManualMask" / side / name, side)
    return root


def test_left_and_right_are_joined_into_one_mask(
    montgomery: Path, of: Callable[..., Indexed], tmp_path: Path
) -> None:
    found = of(montgomery, images=tmp_path / "made")
    assert found.archive == "montgomery"
    [first, _] = found.cohort.studies
    place = tmp_path / "made/montgomery/MCUCXR_0001_0.png"
    assert first.lung_mask == place
    assert np.array_equal(decode(place), np.ones((8, 8)))
    assert not any("mask" in note for note in found.notes)


def test_where_nothing_may_be_written_joined_masks_are_refused(
    montgomery: Path, of: Callable[..., Indexed]
) -> None:
    with pytest.raises(StudyError, match="leanlung data index"):
        of(montgomery)


def test_masks_of_two_sizes_are_refused(
    montgomery: Path, of: Callable[..., Indexed], tmp_path: Path
) -> None:
    half(montgomery / "MontgomerySet/ManualMask/leftMask/MCUCXR_0001_0.png", "left", 4)
    with pytest.raises(StudyError, match="masks of one film have one size"):
        of(montgomery, images=tmp_path)


def test_a_mask_that_cannot_be_read_is_named(
    montgomery: Path, of: Callable[..., Indexed], tmp_path: Path
) -> None:
    (montgomery / "MontgomerySet/ManualMask/leftMask/MCUCXR_0001_0.png").write_bytes(b"no")
    with pytest.raises(StudyError, match=r"leftMask/MCUCXR_0001_0\.png: a mask that cannot"):
        of(montgomery, images=tmp_path)


def test_the_last_digit_is_the_class_and_readings_tell_the_rest(
    montgomery: Path, of: Callable[..., Indexed], tmp_path: Path
) -> None:
    told = [
        (
            s.label,
            s.patient_id,
            s.attributes["sex"],
            s.attributes["age"],
            s.attributes["finding"],
        )
        for s in of(montgomery, images=tmp_path).cohort.studies
    ]
    assert told == [
        ("normal", "montgomery-0001", "F", "27", "normal"),
        ("tuberculosis", "montgomery-0104", "M", "12", "cavity right upper lobe 5 mm"),
    ]
    [grown] = of(montgomery, images=tmp_path, adults=True).cohort.studies
    assert grown.label == "normal"


def test_shenzhen_keeps_films_without_masks_and_says_how_many(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    root = plant(
        "ChinaSet_AllFiles/CXR_png/CHNCXR_0001_0.png",
        "ChinaSet_AllFiles/CXR_png/CHNCXR_0327_1.png",
        "mask/mask/CHNCXR_0001_0_mask.png",
        texts={
            "ChinaSet_AllFiles/ClinicalReadings/CHNCXR_0001_0.txt": "male 45yrs\nnormal\n",
            "ChinaSet_AllFiles/ClinicalReadings/CHNCXR_0327_1.txt": "femal 16month\nleft PTB\n",
        },
    )
    found = of(root)
    assert found.archive == "shenzhen"
    first, second = found.cohort.studies
    assert first.lung_mask == root / "mask/mask/CHNCXR_0001_0_mask.png"
    assert second.lung_mask is None
    assert "films without a lung mask: 1 of 2" in found.notes
    assert (second.attributes["sex"], second.attributes["age"]) == ("F", "1")
    assert second.attributes["finding"] == "left PTB"


def test_a_reading_that_tells_no_age_is_counted(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    found = of(plant("CXR_png/CHNCXR_0001_0.png", texts={"r/CHNCXR_0001_0.txt": "normal\n"}))
    assert "films whose age no clinical reading tells: 1" in found.notes


def test_the_combined_set_names_masks_in_two_ways_and_its_test_folder_has_none(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    root = plant(
        "Lung Segmentation/CXR_png/CHNCXR_0001_0.png",
        "Lung Segmentation/CXR_png/MCUCXR_0001_0.png",
        "Lung Segmentation/masks/CHNCXR_0001_0_mask.png",
        "Lung Segmentation/masks/MCUCXR_0001_0.png",
        "Lung Segmentation/test/CHNCXR_0025_0.png",
    )
    found = of(root)
    assert found.archive == "lung_segmentation"
    assert [(s.patient_id, Path(s.lung_mask or "").name) for s in found.cohort.studies] == [
        ("shenzhen-0001", "CHNCXR_0001_0_mask.png"), ("montgomery-0001", "MCUCXR_0001_0.png"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["CXR_png/film.png", "CXR_png/MCUCXR_0001_0.png"])
def test_a_film_of_another_name_or_set_is_refused(
    plant: Callable[..., Path], of: Callable[..., Indexed], name: str
) -> None:
    with pytest.raises(StudyError, match=name):
        of(plant("CXR_png/CHNCXR_0001_0.png", name), "shenzhen")


RAW = np.full((2048, 2048), 4095, ">u2")
RAW[0, 0] = 0
RAW[0, 1] = 256  # 0x0100: 1 if the lower byte came first


def test_a_raw_film_is_big_endian_twelve_bits_and_inverted() -> None:
    picture = decode_bytes(RAW.tobytes(), name="JPCLN001.IMG")
    assert picture.shape == (2048, 2048)
    assert picture.dtype == np.float32
    assert picture[0, 0] == 1.0
    assert picture[0, 1] == pytest.approx(1 - 256 / 4095)
    assert picture[1, 1] == 0.0


def test_a_raw_film_is_decoded_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "JPCNN001.img").write_bytes(RAW.tobytes())
    assert decode(tmp_path / "JPCNN001.img")[0, 0] == 1.0


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\x00\x01" * 10, "a raw film of 20 bytes; 8388608"),
        (RAW.astype("<u2").tobytes(), "values up to 65295; 12 bits"),
    ],
)
def test_a_raw_film_of_another_size_or_byte_order_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(StudyError, match=rf"x\.IMG: .*{told}"):
        decode_bytes(data, name="x.IMG")


def test_bytes_of_no_picture_under_another_name_stay_no_picture() -> None:
    with pytest.raises(StudyError, match="not a picture"):
        decode_bytes(RAW.tobytes(), name="x.raw")


@pytest.mark.parametrize("folders", [("left lung", "right lung"), ("left_lung", "right_lung")])
def test_jsrt_tells_nodules_by_name_and_joins_masks_of_scr(
    plant: Callable[..., Path],
    of: Callable[..., Indexed],
    tmp_path: Path,
    folders: tuple[str, str],
) -> None:
    root = plant(
        "Nodule154images/JPCLN001.IMG",
        "NonNodule93images/JPCNN001.IMG",
        "scr/fold1/masks/heart/JPCLN001.gif",
        texts={
            "Clinical/CLNDAT_EN.txt": (
                "JPCLN001.IMG\t5\t15\t53\tFemale\t1634\t692\tmalignant\tl.upper lobe\tcancer\n"
            ),
            "Clinical/CNNDAT_EN.txt": "JPCNN001.IMG\t60\tMale\tnon-nodule\n",
        },
    )
    for folder in folders:
        half(root / "scr/fold1/masks" / folder / "JPCLN001.gif", folder)
    found = of(root, images=tmp_path / "made")
    assert found.archive == "jsrt"
    told = [(s.label, s.patient_id, s.attributes["sex"], s.attributes["age"])
            for s in found.cohort.studies]  # fmt: skip
    assert told == [
        ("nodule", "jsrt-JPCLN001", "F", "53"),
        ("normal", "jsrt-JPCNN001", "M", "60"),
    ]
    mask = found.cohort.studies[0].lung_mask
    assert mask is not None
    assert decode(mask).all()
    assert "films without a lung mask: 1 of 2" in found.notes


def test_a_film_of_jsrt_saved_as_png_will_do_and_another_name_will_not(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    found = of(plant("JPCLN001.png"))
    assert found.cohort.counts == {"nodule": 1}
    assert any("CLNDAT_EN.txt" in note for note in found.notes)
    with pytest.raises(StudyError, match=r"JPCLN1\.png"):
        of(plant("JPCLN1.png"), "jsrt")
