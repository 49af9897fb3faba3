"""The kind of a file is told by its first bytes, never by its name."""

from __future__ import annotations

import pytest

from leanlung.studies.pictures import READERS, kind_of

PREAMBLE = bytes(128)


@pytest.mark.parametrize(
    ("first_bytes", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n....", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"BM\x00\x00", "BMP"),
        (b"II*\x00", "TIFF"),
        (b"MM\x00*", "TIFF"),
        (PREAMBLE + b"DICM", "DICOM"),
        (b"\x02\x00\x00\x00", "DICOM"),
        (b"\x08\x00\x05\x00", "DICOM"),
        (b"\x00\x08\x00\x05", "DICOM"),
    ],
)
def test_every_kind_has_its_signature_and_its_reader(first_bytes: bytes, kind: str) -> None:
    assert kind_of(first_bytes) == kind
    assert kind in READERS


def test_a_dicom_file_whose_preamble_is_a_tiff_header_is_dicom() -> None:
    assert kind_of(b"II*\x00" + bytes(124) + b"DICM") == "DICOM"


@pytest.mark.parametrize("first_bytes", [b"", b"GIF89a", b"%PDF-1.7", b"image,label\n"])
def test_anything_else_is_none(first_bytes: bytes) -> None:
    assert kind_of(first_bytes) is None
