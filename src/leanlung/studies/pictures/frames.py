"""A compressed DICOM frame, looked over before it is handed to a decoder.

Decoders refuse most damaged frames, but GDCM, the only one of JPEG Lossless that may be
shipped, ends the whole process on some damaged headers, and pydicom reads some damaged JPEG
2000 boxes for ever. Either would take the index of an archive or a server with it.

Source: ITU-T T.81 (JPEG) annex B, frame header of table B.2; ITU-T T.800 (JPEG 2000) annex I.
"""

from __future__ import annotations

from leanlung.foundations.errors import StudyError

_LOSSLESS = ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70")

_START_OF_IMAGE = b"\xff\xd8"
_FRAME, _HUFFMAN_TABLE, _SCAN, _ADOBE = 0xC3, 0xC4, 0xDA, 0xEE
_LARGEST_PRECISION = 16
_COLOUR_TRANSFORM = slice(11, 12)
_LARGEST_TRANSFORM = b"\x02"

_SIGNATURE_BOX = b"\x00\x00\x00\x0cjP  "
_CODESTREAM_BOX = b"jp2c"
_SMALLEST_BOX = 8


def require_sound(frame: bytes, syntax: str, rows: int, columns: int, samples: int) -> None:
    """Check what decoders do not.

    Args:
        frame: From its first byte.
        syntax: UID of its transfer syntax; those whose decoders need no help pass.
        rows: Height the file gives.
        columns: Width the file gives.
        samples: Values a pixel, as the file gives them.

    Raises:
        StudyError: If the frame is damaged, or not what the file says.
    """
    if syntax in _LOSSLESS:
        _require_sound_segments(_segments(frame), (rows, columns, samples))
    elif frame.startswith(_SIGNATURE_BOX):
        _require_sound_boxes(frame)


def _require_sound_segments(segments: dict[int, bytes], shape: tuple[int, int, int]) -> None:
    header = segments.get(_FRAME, b"")
    bits, *says = (
        int.from_bytes(header[start:end]) for start, end in ((0, 1), (1, 3), (3, 5), (5, 6))
    )
    if not 2 <= bits <= _LARGEST_PRECISION or tuple(says) != shape:
        msg = (
            f"JPEG frame of {bits} bits and (rows, columns, samples) {tuple(says)}; 2 to "
            f"{_LARGEST_PRECISION} bits and {shape} were expected"
        )
        raise StudyError(msg)
    transform = segments.get(_ADOBE, b"")[_COLOUR_TRANSFORM]
    if not {_HUFFMAN_TABLE, _SCAN} <= segments.keys() or transform > _LARGEST_TRANSFORM:
        msg = "JPEG frame with a damaged header: no table, no scan or an unknown colour"
        raise StudyError(msg)


def _segments(frame: bytes) -> dict[int, bytes]:
    """Give the contents of every segment up to the scan, by the second byte of its marker."""
    found: dict[int, bytes] = {}
    place = len(_START_OF_IMAGE) if frame.startswith(_START_OF_IMAGE) else len(frame)
    while _SCAN not in found and frame[place : place + 1] == b"\xff":
        length = int.from_bytes(frame[place + 2 : place + 4])
        found[frame[place + 1]] = frame[place + 4 : place + 2 + length]
        place += 2 + length
    return found


def _require_sound_boxes(frame: bytes) -> None:
    place = 0
    while frame[place + 4 : place + 8] != _CODESTREAM_BOX:
        length = int.from_bytes(frame[place : place + 4])
        if length < _SMALLEST_BOX:
            msg = f"JPEG 2000 frame with a box of {length} bytes; at least 8 were expected"
            raise StudyError(msg)
        place += length
