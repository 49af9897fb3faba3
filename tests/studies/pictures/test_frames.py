"""A damaged frame is refused before it reaches a decoder that would not survive it."""

from __future__ import annotations

import pytest

from leanlung.foundations.errors import StudyError
from leanlung.studies.pictures.frames import require_sound

LOSSLESS = "1.2.840.10008.1.2.4.70"
JPEG_2000 = "1.2.840.10008.1.2.4.90"

SHAPE = (16, 32, 1)
FRAME = bytes.fromhex("ffc3 000b 10 0010 0020 01 01 11 00")  # 16 bits, 16 rows, 32 columns
TABLE = bytes.fromhex("ffc4 0004 0000")
SCAN = bytes.fromhex("ffda 0008 01 0100 01 0000")


def adobe(transform: int) -> bytes:
    return b"\xff\xee\x00\x0eAdobe" + bytes([0, 100, 0, 0, 0, 0, transform])


def refusal(frame: bytes, syntax: str) -> str:
    """Why a frame is refused; nothing if it passes."""
    try:
        require_sound(frame, syntax, *SHAPE)
    except StudyError as error:
        return str(error)
    return ""


def box(name: bytes, contents: bytes = b"") -> bytes:
    return (8 + len(contents)).to_bytes(4) + name + contents


@pytest.mark.parametrize(
    "segments", [FRAME + TABLE + SCAN, TABLE + FRAME + SCAN, adobe(1) + FRAME + TABLE + SCAN]
)
def test_a_sound_lossless_header_passes(segments: bytes) -> None:
    assert refusal(b"\xff\xd8" + segments + b"data", LOSSLESS) == ""


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (b"", "JPEG frame of 0 bits"),
        (b"\xff\xd8", "JPEG frame of 0 bits"),
        (FRAME + TABLE + SCAN, "JPEG frame of 0 bits"),  # no start of image
        (b"\xff\xd8" + FRAME.replace(b"\x10", b"\x12", 1) + TABLE + SCAN, "of 18 bits"),
        (b"\xff\xd8" + FRAME[:-8] + SCAN, r"\(rows, columns, samples\)"),
        (b"\xff\xd8" + FRAME + SCAN, "damaged header"),
        (b"\xff\xd8" + FRAME + TABLE, "damaged header"),
        (b"\xff\xd8" + FRAME + b"\x00" + TABLE[1:] + SCAN, "damaged header"),
        (b"\xff\xd8" + adobe(9) + FRAME + TABLE + SCAN, "unknown colour"),
    ],
)
def test_a_damaged_lossless_header_is_refused(frame: bytes, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        require_sound(frame, LOSSLESS, *SHAPE)


@pytest.mark.parametrize("shape", [(17, 32, 1), (16, 33, 1), (16, 32, 3)])
def test_a_header_that_contradicts_the_file_is_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(StudyError, match=r"\(16, 32, 1\); 2 to 16 bits and"):
        require_sound(b"\xff\xd8" + FRAME + TABLE + SCAN, LOSSLESS, *shape)


def test_boxes_before_a_codestream_are_walked() -> None:
    boxes = box(b"jP  ", bytes(4)) + box(b"ftyp", b"jp2 ") + box(b"jp2c", b"\xff\x4f")
    assert refusal(boxes, JPEG_2000) == ""


@pytest.mark.parametrize("length", [0, 7])
def test_a_box_that_leads_nowhere_is_refused(length: int) -> None:
    boxes = box(b"jP  ", bytes(4)) + length.to_bytes(4) + b"ftyp"
    with pytest.raises(StudyError, match=f"a box of {length} bytes"):
        require_sound(boxes, JPEG_2000, *SHAPE)


def test_boxes_without_a_codestream_are_refused() -> None:
    with pytest.raises(StudyError, match="a box of 0 bytes"):
        require_sound(box(b"jP  ", bytes(4)), JPEG_2000, *SHAPE)


def test_other_encodings_need_no_help() -> None:
    assert refusal(b"anything", "1.2.840.10008.1.2.5") == ""
