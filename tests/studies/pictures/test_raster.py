"""Raster pictures keep their depth, lose their colour, stand upright and are whole."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from leanlung.foundations.errors import StudyError
from leanlung.studies.pictures import raster

DEEP = (np.arange(64 * 48, dtype=np.uint16) * 21).reshape(48, 64)
FLAT = (DEEP >> 8).astype(np.uint8)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png(width: int, height: int, bits: int, colour: int, rows: bytes) -> bytes:
    """Write a PNG by hand, as its specification says."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_eight_bit_grey_is_divided_by_255(kind: str) -> None:
    picture = raster.read(saved(Image.fromarray(FLAT), kind))
    assert picture.dtype == np.float32
    np.testing.assert_array_equal(picture, FLAT / np.float32(255))


def test_a_jpeg_is_near_what_was_saved() -> None:
    picture = raster.read(saved(Image.fromarray(FLAT), "JPEG", quality=100))
    np.testing.assert_allclose(picture, FLAT / 255, atol=0.02)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_stay_sixteen(kind: str) -> None:
    picture = raster.read(saved(Image.fromarray(DEEP), kind))
    np.testing.assert_array_equal(np.rint(picture * 65535), DEEP)


def test_a_16_bit_tiff_whose_zero_is_white_is_turned_round() -> None:
    file = saved(Image.fromarray(DEEP), "TIFF", tiffinfo={262: 0})
    np.testing.assert_array_equal(np.rint(raster.read(file) * 65535), 65535 - DEEP)


def twelve_bit_tiff(photometric: int) -> bytes:
    """Write a TIFF by hand: 0x000 and 0x800, and below them 0xfff and 0xabc."""
    tags = {256: 2, 257: 2, 258: 12, 259: 1, 262: photometric, 273: 122, 277: 1, 278: 2, 279: 6}
    entries = b"".join(struct.pack("<HHII", tag, 3, 1, value) for tag, value in tags.items())
    head = struct.pack("<2sHIH", b"II", 42, 8, len(tags))
    return head + entries + bytes(4) + bytes.fromhex("000800 fffabc")


def test_twelve_bits_of_a_tiff_span_black_to_white() -> None:
    expected = np.array([[0, 0x800], [0xFFF, 0xABC]]) / 4095
    np.testing.assert_allclose(raster.read(twelve_bit_tiff(photometric=1)), expected, atol=1e-6)


def test_a_kind_that_pillow_does_not_know_need_not_be_damaged() -> None:
    with pytest.raises(StudyError) as caught:
        raster.read(twelve_bit_tiff(photometric=0))
    assert str(caught.value) == (
        "damaged or truncated picture, or of a kind that Pillow does not know; get the "
        "original file again, or save it as a 16-bit grey PNG"
    )


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_bits_of_grey_span_black_to_white(bits: int) -> None:
    per_byte = 8 // bits
    rows = b"\0" + bytes([0b00011011]) * 2  # one row: filter byte, then the pixels
    picture = raster.read(png(2 * per_byte, 1, bits, 0, rows))
    values = [(0b00011011 >> shift) & (2**bits - 1) for shift in range(8 - bits, -1, -bits)]
    np.testing.assert_allclose(picture[0], np.array(values * 2) / (2**bits - 1))


def test_colour_becomes_luminance() -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [10, 20, 30]]], np.uint8)
    picture = raster.read(saved(Image.fromarray(colours), "PNG"))
    by_hand = [0.299, 0.587, 0.114, (2.99 + 11.74 + 3.42) / 255]
    np.testing.assert_allclose(picture[0], by_hand, atol=1e-5)


def test_colour_of_eight_bits_takes_less_than_eight_times_its_size_in_memory() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (500, 500, 3), np.uint8)
    tracemalloc.start()
    grey = raster.luminance(colours, 255)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 * colours.size
    weights = np.array([19595, 38470, 7471]) / 65536 / 255
    np.testing.assert_allclose(grey, colours @ weights, rtol=1e-6)


@pytest.mark.parametrize("mode", ["RGB", "P", "LA", "RGBA", "CMYK"])
def test_grey_saved_as_something_else_is_the_same_grey(mode: str) -> None:
    grey = Image.fromarray(FLAT)
    if mode == "CMYK":
        file = saved(grey.convert("RGB").convert(mode), "TIFF")
    else:
        file = saved(grey.convert(mode), "PNG")
    np.testing.assert_allclose(raster.read(file), FLAT / 255, atol=1e-6)


def test_transparency_is_ignored_in_colour_and_in_palettes() -> None:
    clear = np.dstack([FLAT, FLAT, FLAT, np.zeros_like(FLAT)])
    np.testing.assert_allclose(raster.read(saved(Image.fromarray(clear), "PNG")), FLAT / 255)
    palette = Image.fromarray(FLAT).convert("P")
    file = saved(palette, "PNG", transparency=bytes(256))
    np.testing.assert_allclose(raster.read(file), FLAT / 255)


def test_sixteen_bit_colour_png_keeps_its_bits_and_ignores_its_alpha() -> None:
    grey_alpha = np.stack([DEEP, np.zeros_like(DEEP)], axis=-1).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in grey_alpha)
    picture = raster.read(png(64, 48, 16, 4, rows))
    np.testing.assert_array_equal(np.rint(picture * 65535), DEEP)

    red = np.zeros((1, 2, 3), np.uint16)
    red[0, 1] = 0, 0, 12345  # OpenCV writes blue, green, red
    _, encoded = cv2.imencode(".png", red)
    picture = raster.read(encoded.tobytes())
    np.testing.assert_allclose(picture[0], [0, 0.299 * 12345 / 65535], atol=1e-6)


def test_sixteen_bit_colour_that_opencv_cannot_decode_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, encoded = cv2.imencode(".png", np.zeros((2, 2, 3), np.uint16))
    monkeypatch.setattr(cv2, "imdecode", lambda *_: None)
    with pytest.raises(StudyError, match="OpenCV cannot decode"):
        raster.read(encoded.tobytes())


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_exif_orientation_is_applied_as_pillow_would(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = saved(Image.fromarray(FLAT), kind, exif=exif.tobytes())
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(file)))
    picture = raster.read(file)
    assert picture.flags.c_contiguous
    np.testing.assert_allclose(picture, np.asarray(upright) / 255, atol=1e-6)


def test_sixteen_bit_colour_is_turned_upright_too() -> None:
    blue_green_red = np.stack([DEEP] * 3, axis=-1)
    _, encoded = cv2.imencode(".png", blue_green_red)
    exif = Image.Exif()
    exif[0x0112] = 6
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(block)) + b"eXIf" + block
    chunk += struct.pack(">I", zlib.crc32(b"eXIf" + block))
    file = encoded.tobytes()[:33] + chunk + encoded.tobytes()[33:]  # right after the header
    np.testing.assert_array_equal(np.rint(raster.read(file) * 65535), np.rot90(DEEP, -1))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_truncated_file_is_refused_not_filled_in(kind: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 60), np.uint8)
    whole = saved(Image.fromarray(noise), kind)
    with pytest.raises(StudyError, match="damaged or truncated"):
        raster.read(whole[: int(len(whole) * share)])


def test_a_picture_without_pixels_is_refused() -> None:
    with pytest.raises(StudyError, match="damaged"):
        raster.read(png(0, 0, 8, 0, b""))
    with pytest.raises(StudyError, match="0 x 5 pixels"):
        raster.require_sensible_size(0, 5)


@pytest.mark.parametrize("side", [9_300, 9_600, 20_000])
def test_a_decompression_bomb_is_refused_before_it_goes_off(side: int) -> None:
    with pytest.raises(StudyError, match=r"radiograph.*; scale it down first if it is one$"):
        raster.read(png(side, side, 8, 0, b""))


def test_several_pages_are_refused() -> None:
    page = Image.fromarray(FLAT)
    pages = saved(page, "TIFF", save_all=True, append_images=[page, page])
    with pytest.raises(StudyError, match="TIFF with 3 pictures"):
        raster.read(pages)


@pytest.mark.parametrize("mode", ["F", "I"])
def test_pixels_without_a_known_white_are_refused(mode: str) -> None:
    with pytest.raises(StudyError, match=f"pixels of kind '{mode}'"):
        raster.read(saved(Image.fromarray(FLAT).convert(mode), "TIFF"))


def test_sixteen_bit_colour_tiff_is_refused() -> None:
    _, encoded = cv2.imencode(".tif", np.zeros((4, 4, 3), np.uint16))
    with pytest.raises(StudyError, match="16-bit colour"):
        raster.read(encoded.tobytes())
