"""A DICOM file that is no whole single image, or that nothing here decodes, is refused."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leanlung.foundations.errors import StudyError
from leanlung.studies.pictures import dicom

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from pydicom import Dataset

    Build = Callable[..., Dataset]
    Save = Callable[[Dataset], bytes]

pydicom = pytest.importorskip("pydicom")
uid = pydicom.uid
BUNDLED = Path(pydicom.__file__).parent / "data" / "test_files"


def test_compressed_pixels_without_a_header_are_refused(
    image_of: Build, ramp: np.ndarray
) -> None:
    dataset = image_of(ramp, 12)
    dataset.compress(uid.JPEGLSLossless, generate_instance_uid=False)
    del dataset.file_meta
    file = io.BytesIO()
    dataset.save_as(file, implicit_vr=False, little_endian=True)
    with pytest.raises(StudyError, match="compressed pixels that does not say how"):
        dicom.read(file.getvalue())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("reportsi.dcm", "modality SR without pixel data"),
        ("rtplan.dcm", "modality RTPLAN without pixel data"),
        ("rtstruct.dcm", "modality RTSTRUCT without pixel data"),
        ("rtdose.dcm", "15 frames; a radiograph has one"),
        ("examples_ybr_color.dcm", "30 frames"),
        ("MR_truncated.dcm", r"cannot be decoded \(The number of bytes"),
        ("JPGExtended.dcm", "JPEG Extended.*12-bit"),
        ("no_meta_group_length.dcm", "modality unknown without pixel data"),
    ],
)
def test_what_is_no_single_whole_image_is_refused_by_name(name: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        dicom.read((BUNDLED / name).read_bytes())


def test_truncated_compressed_pixels_are_refused(
    image_of: Build, file_of: Save, ramp: np.ndarray
) -> None:
    dataset = image_of(ramp, 12)
    dataset.compress(uid.JPEGLSLossless, generate_instance_uid=False)
    frame = next(iter(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=1)))
    dataset.PixelData = pydicom.encaps.encapsulate([frame[: len(frame) // 2]])
    with pytest.raises(StudyError, match="cannot be decoded"):
        dicom.read(file_of(dataset))


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"Rows": None}, "damaged or incomplete DICOM file"),
        ({"Rows": 0}, "0 x 64 pixels"),
        ({"Rows": 20_000, "Columns": 20_000}, "no radiograph is that large"),
        ({"HighBit": 15}, "12 bits stored and high bit 15; high bit 11 was expected"),
        ({"PhotometricInterpretation": "HSV"}, "interpretation 'HSV' and pixels of shape"),
        ({"PhotometricInterpretation": "RGB"}, r"'RGB' and pixels of shape \(64, 64\)"),
    ],
)
def test_nonsense_in_the_header_is_refused(
    image_of: Build,
    file_of: Save,
    ramp: np.ndarray,
    attributes: dict[str, object],
    message: str,
) -> None:
    with pytest.raises(StudyError, match=message):
        dicom.read(file_of(image_of(ramp, 12, **attributes)))


def test_a_transfer_syntax_of_video_is_refused(
    image_of: Build, file_of: Save, ramp: np.ndarray
) -> None:
    dataset = image_of(ramp, 12)
    dataset.PixelData = pydicom.encaps.encapsulate([b"video"])
    dataset.file_meta.TransferSyntaxUID = uid.MPEG2MPML
    with pytest.raises(StudyError, match=r"MPEG2.*holds no still image"):
        dicom.read(file_of(dataset))


def test_a_missing_decoder_is_named_with_its_remedy(
    image_of: Build, file_of: Save, ramp: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = image_of(ramp, 12)
    dataset.compress(uid.JPEGLSLossless, generate_instance_uid=False)
    decoder = pydicom.pixels.get_decoder(uid.JPEGLSLossless)
    monkeypatch.setattr(decoder, "_available", {})
    with pytest.raises(StudyError) as refusal:
        dicom.read(file_of(dataset))
    assert "JPEG-LS Lossless Image Compression (1.2.840.10008.1.2.4.80)" in str(refusal.value)
    assert 'pip install "leanlung[dicom]"' in str(refusal.value)


def test_without_pydicom_the_message_says_exactly_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(StudyError, match=r"pydicom is not installed; pip install") as refusal:
        dicom.read(bytes(128) + b"DICM")
    assert "leanlung[dicom]" in str(refusal.value)
