"""A DICOM file is read whatever its encoding, and what cannot be read is named."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from leanlung.studies.pictures import dicom

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydicom import Dataset

    Build = Callable[..., Dataset]
    Save = Callable[[Dataset], bytes]

pydicom = pytest.importorskip("pydicom")
uid = pydicom.uid

WHOLE_RANGE = {"WindowCenter": 2048, "WindowWidth": 4096}
BUNDLED = Path(pydicom.__file__).parent / "data" / "test_files"


def test_twelve_bits_in_sixteen(image_of: Build, file_of: Save, ramp: np.ndarray) -> None:
    picture = dicom.read(file_of(image_of(ramp, 12, **WHOLE_RANGE)))
    assert picture.dtype == np.float32
    np.testing.assert_allclose(picture, ramp / 4095, atol=1e-6)


def test_the_unused_bits_of_a_pixel_do_not_count(
    image_of: Build, file_of: Save, ramp: np.ndarray
) -> None:
    overlaid = ramp | 0xA000  # an old overlay in the bits above the twelve
    picture = dicom.read(file_of(image_of(overlaid, 12, **WHOLE_RANGE)))
    np.testing.assert_allclose(picture, ramp / 4095, atol=1e-6)


def test_signed_pixels(image_of: Build, file_of: Save, ramp: np.ndarray) -> None:
    signed = (ramp.astype(np.int16) - 2048).astype(np.int16)
    picture = dicom.read(file_of(image_of(signed, 12)))
    np.testing.assert_allclose(picture, ramp / 4095, atol=1e-6)


@pytest.mark.parametrize(
    "syntax",
    [
        "ImplicitVRLittleEndian",
        "ExplicitVRLittleEndian",
        "DeflatedExplicitVRLittleEndian",
        "RLELossless",
        "JPEGLSLossless",
    ],
)
def test_lossless_encodings_give_the_very_same_picture(
    image_of: Build, file_of: Save, ramp: np.ndarray, syntax: str
) -> None:
    dataset = image_of(ramp, 12, **WHOLE_RANGE)
    target = getattr(uid, syntax)
    if target.is_encapsulated:
        dataset.compress(target, generate_instance_uid=False)
    dataset.file_meta.TransferSyntaxUID = target
    np.testing.assert_allclose(dicom.read(file_of(dataset)), ramp / 4095, atol=1e-6)


def test_big_endian(image_of: Build, file_of: Save, ramp: np.ndarray) -> None:
    dataset = image_of(ramp, 12, **WHOLE_RANGE)
    dataset.PixelData = ramp.astype(">u2").tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRBigEndian
    np.testing.assert_allclose(dicom.read(file_of(dataset)), ramp / 4095, atol=1e-6)


def test_jpeg_lossless_as_hospital_archives_store_it(
    image_of: Build, ramp: np.ndarray, tmp_path: Path
) -> None:
    gdcm = pytest.importorskip("gdcm")
    image_of(ramp, 12, **WHOLE_RANGE).save_as(tmp_path / "plain", enforce_file_format=True)
    reader = gdcm.ImageReader()
    reader.SetFileName(str(tmp_path / "plain"))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    lossless = gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1)
    change.SetTransferSyntax(lossless)
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(tmp_path / "lossless"))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    data = (tmp_path / "lossless").read_bytes()
    assert uid.JPEGLosslessSV1.encode() in data
    np.testing.assert_allclose(dicom.read(data), ramp / 4095, atol=1e-6)


@pytest.mark.parametrize(
    ("syntax", "kind", "options", "tolerance"),
    [
        ("JPEGBaseline8Bit", "JPEG", {"quality": 95}, 3 / 255),
        ("JPEG2000Lossless", "JPEG2000", {"no_jp2": True}, 0),
    ],
)
def test_eight_bit_jpegs(
    image_of: Build,
    file_of: Save,
    syntax: str,
    kind: str,
    options: dict[str, object],
    tolerance: float,
) -> None:
    pixels = np.add.outer(np.arange(64), 2 * np.arange(64)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    dataset = image_of(pixels, WindowCenter=128, WindowWidth=256)
    dataset.PixelData = pydicom.encaps.encapsulate([file.getvalue()])
    dataset["PixelData"].VR = "OB"
    dataset.file_meta.TransferSyntaxUID = getattr(uid, syntax)
    picture = dicom.read(file_of(dataset))
    np.testing.assert_allclose(picture, pixels / 255, atol=tolerance + 1e-6)


def test_one_inversion_for_monochrome1(
    image_of: Build, file_of: Save, ramp: np.ndarray
) -> None:
    dataset = image_of(ramp, 12, PhotometricInterpretation="MONOCHROME1", **WHOLE_RANGE)
    dataset.PresentationLUTShape = "INVERSE"
    np.testing.assert_allclose(dicom.read(file_of(dataset)), 1 - ramp / 4095, atol=1e-6)


def test_colour_becomes_luminance(image_of: Build, file_of: Save) -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [7, 7, 7]]], np.uint8)
    picture = dicom.read(file_of(image_of(colours)))
    np.testing.assert_allclose(picture[0], [0.299, 0.587, 0.114, 7 / 255], atol=1e-5)


def test_colour_as_brightness_and_two_differences_is_turned_to_rgb_first(
    image_of: Build, file_of: Save
) -> None:
    grey = np.array([[[40, 128, 128], [200, 128, 128]]], np.uint8)
    picture = dicom.read(file_of(image_of(grey, PhotometricInterpretation="YBR_FULL")))
    np.testing.assert_allclose(picture[0], [40 / 255, 200 / 255], atol=1e-5)


def test_a_palette_is_looked_up(image_of: Build, file_of: Save) -> None:
    pixels = np.array([[0, 1, 2, 1]], np.uint8)
    dataset = image_of(pixels, PhotometricInterpretation="PALETTE COLOR")
    for name in ("Red", "Green", "Blue"):
        setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", [3, 0, 16])
        entries = np.array([0, 13107, 65535], "<u2").tobytes()
        setattr(dataset, f"{name}PaletteColorLookupTableData", entries)
    np.testing.assert_allclose(dicom.read(file_of(dataset))[0], [0, 0.2, 1, 0.2], atol=1e-5)


@pytest.mark.parametrize("syntax", ["ImplicitVRLittleEndian", "ExplicitVRLittleEndian"])
def test_a_file_without_preamble_and_header_is_read(
    image_of: Build, ramp: np.ndarray, syntax: str
) -> None:
    dataset = image_of(ramp, 12, **WHOLE_RANGE)
    file = io.BytesIO()
    implicit = syntax.startswith("Implicit")
    del dataset.file_meta
    dataset.save_as(file, implicit_vr=implicit, little_endian=True)
    assert file.getvalue()[:2] == b"\x08\x00"
    np.testing.assert_allclose(dicom.read(file.getvalue()), ramp / 4095, atol=1e-6)


def test_a_big_endian_file_without_header_is_read(image_of: Build, ramp: np.ndarray) -> None:
    dataset = image_of(ramp, 12, **WHOLE_RANGE)
    dataset.PixelData = ramp.astype(">u2").tobytes()
    dataset["PixelData"].VR = "OW"
    del dataset.file_meta
    file = io.BytesIO()
    dataset.save_as(file, implicit_vr=False, little_endian=False)
    np.testing.assert_allclose(dicom.read(file.getvalue()), ramp / 4095, atol=1e-6)


@pytest.mark.parametrize(
    "name",
    [
        "CT_small.dcm",
        "MR_small_bigendian.dcm",
        "MR_small_jp2klossless.dcm",
        "MR_small_jpeg_ls_lossless.dcm",
        "JPEGLSNearLossless_16.dcm",
        "SC_rgb_dcmtk_+eb+cy+np.dcm",
        "SC_rgb_jpeg_gdcm.dcm",
        "SC_ybr_full_422_uncompressed.dcm",
        "examples_palette.dcm",
        "image_dfl.dcm",
    ],
)
def test_files_of_many_makers_are_read(name: str) -> None:
    picture = dicom.read((BUNDLED / name).read_bytes())
    assert picture.dtype == np.float32
    assert picture.ndim == 2
    assert picture.min() >= 0.0
    assert 0.2 < picture.max() <= 1.0


@pytest.mark.parametrize(
    ("installed", "chosen"),
    [(["gdcm", "pyjpegls"], "pyjpegls"), (["gdcm"], "gdcm"), (["pyjpegls"], "pyjpegls")],
)
def test_gdcm_decodes_only_what_nothing_else_can(
    image_of: Build,
    file_of: Save,
    ramp: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
    installed: list[str],
    chosen: str,
) -> None:
    dataset = image_of(ramp, 12)
    dataset.compress(uid.JPEGLSLossless, generate_instance_uid=False)
    decoder = pydicom.pixels.get_decoder(uid.JPEGLSLossless)
    monkeypatch.setattr(decoder, "_available", dict.fromkeys(installed))
    asked = []

    def decode(_: Dataset, decoding_plugin: str) -> np.ndarray:
        asked.append(decoding_plugin)
        return ramp

    monkeypatch.setattr(pydicom.pixels, "pixel_array", decode)
    dicom.read(file_of(dataset))
    assert asked == [chosen]
