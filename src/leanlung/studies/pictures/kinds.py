"""The kind of an image file, told by its first bytes and never by its name."""

from __future__ import annotations

from typing import Literal

Kind = Literal["PNG", "JPEG", "BMP", "TIFF", "DICOM"]

_SIGNATURES: dict[bytes, Kind] = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}
_DICOM_MARK = slice(128, 132)

ENOUGH_TO_TELL = 132
"""How many bytes tell the kind of any file."""


def kind_of(data: bytes) -> Kind | None:
    r"""Tell what kind of image file some bytes are.

    DICOM is recognised with its 128-byte preamble and without: then the file starts with an
    element of group 0002 or 0008. The preamble may be anything, a TIFF header too, so the
    DICOM mark is looked for first.

    Args:
        data: The file, or at least its first `ENOUGH_TO_TELL` bytes.

    Returns:
        The kind, or None if it is none of those read here.

    Examples:
        >>> kind_of(b"\xff\xd8\xff\xe0")
        'JPEG'
        >>> kind_of(b"GIF89a") is None
        True

    Source: DICOM PS3.10 section 7.1 (preamble and prefix).
    """
    if data[_DICOM_MARK] == b"DICM" or _starts_with_element(data):
        return "DICOM"
    for signature, kind in _SIGNATURES.items():
        if data.startswith(signature):
            return kind
    return None


def _starts_with_element(data: bytes) -> bool:
    little_endian = data[:2] in (b"\x02\0", b"\x08\0") and data[3:4] == b"\0"
    return little_endian or data[:3] == b"\0\x08\0"
