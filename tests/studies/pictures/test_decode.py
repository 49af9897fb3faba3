"""One picture decodes alike from whatever file it is in, and a bad file says what is wrong."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from leanlung.foundations.errors import StudyError
from leanlung.studies.pictures import decode, decode_bytes, pixel_sha256

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydicom import Dataset


def test_a_radiograph_decodes_alike_as_png_as_16_bit_png_and_as_dicom(
    tmp_path: Path,
    image_of: Callable[..., Dataset],
    file_of: Callable[[Dataset], bytes],
) -> None:
    eight = np.arange(256, dtype=np.uint8).reshape(16, 16)
    sixteen = eight.astype(np.uint16) * 257  # 255 becomes 65535
    Image.fromarray(eight).save(tmp_path / "eight.png")
    Image.fromarray(sixteen).save(tmp_path / "sixteen.png")
    Image.fromarray(np.stack([eight] * 3, axis=-1)).save(tmp_path / "colour.png")
    (tmp_path / "no_suffix").write_bytes(file_of(image_of(eight)))
    turned = image_of(255 - eight, PhotometricInterpretation="MONOCHROME1")
    (tmp_path / "turned.dcm").write_bytes(file_of(turned))

    pictures = {path.name: decode(path) for path in tmp_path.iterdir()}
    assert len(pictures) == 5
    for picture in pictures.values():
        assert picture.dtype == np.float32
        np.testing.assert_allclose(picture, eight / 255.0, atol=1e-6)
    assert len({pixel_sha256(picture) for picture in pictures.values()}) == 1


def test_the_suffix_is_not_believed(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 51, np.uint8)).save(tmp_path / "film.png")
    path = (tmp_path / "film.png").rename(tmp_path / "film.jpg")
    np.testing.assert_allclose(decode(path), 0.2)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"absent\.png: cannot be read \(No such file"):
        decode(tmp_path / "absent.png")


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="Is a directory"):
        decode(tmp_path)


def test_an_empty_file_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "film.png").touch()
    with pytest.raises(StudyError, match=r"film\.png: not a picture, it is empty"):
        decode(tmp_path / "film.png")


def test_other_bytes_are_no_picture_and_are_shown() -> None:
    with pytest.raises(StudyError, match=r"notes: not a picture.*68 65 6c 6c.*'DICOM'"):
        decode_bytes(b"hello", name="notes")


def test_what_a_reader_says_is_said_of_the_file() -> None:
    with pytest.raises(StudyError, match=r"^upload 7: damaged or truncated picture"):
        decode_bytes(b"\x89PNG\r\n\x1a\n", name="upload 7")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF", "DICOM"])
def test_a_damaged_file_is_a_study_error_wherever_the_damage_is(
    kind: str, image_of: Callable[..., Dataset], file_of: Callable[[Dataset], bytes]
) -> None:
    pixels = np.arange(40 * 30, dtype=np.uint8).reshape(40, 30)
    if kind == "DICOM":
        whole = file_of(image_of(pixels))
    else:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, kind)
        whole = file.getvalue()
    damage = np.random.default_rng(0)
    refused = 0
    for _ in range(150):
        data = bytearray(whole)
        for place in damage.integers(0, len(data), 4):
            data[place] = damage.integers(0, 256)
        del data[damage.integers(len(data) // 2, len(data) + 1) :]
        try:
            picture = decode_bytes(bytes(data), name="film")
        except StudyError:
            refused += 1
        else:
            assert picture.dtype == np.float32
            assert 0.0 <= picture.min() <= picture.max() <= 1.0
    assert refused > 50
