"""Pictures: decoding image files to grey, and finding the same film again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import StudyError
from leanlung.foundations.within import parted
from leanlung.studies.pictures import dicom, raster, raw
from leanlung.studies.pictures.hashes import (
    distance,
    near_pairs,
    perceptual_hash,
    pixel_sha256,
)
from leanlung.studies.pictures.kinds import ENOUGH_TO_TELL, kind_of
from leanlung.studies.pictures.likeness import (
    Look,
    likeness,
    look,
    near_identical,
    near_identical_pairs,
)
from leanlung.studies.pictures.transfer_syntaxes import Codec, codecs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from leanlung.studies.pictures.kinds import Kind

    Reader = Callable[[bytes], NDArray[np.float32]]

__all__ = [
    "READERS",
    "Codec",
    "Look",
    "codecs",
    "decode",
    "decode_bytes",
    "distance",
    "kind_of",
    "likeness",
    "look",
    "near_identical",
    "near_identical_pairs",
    "near_pairs",
    "perceptual_hash",
    "pixel_sha256",
]

READERS: dict[Kind, Reader] = {
    "PNG": raster.read,
    "JPEG": raster.read,
    "BMP": raster.read,
    "TIFF": raster.read,
    "DICOM": dicom.read,
}


def decode(path: Path) -> NDArray[np.float32]:
    """Decode an image file to grey.

    What kind of file it is, its first bytes tell, not its name; only the raw films of JSRT,
    which have no header, are known by ``.IMG``, and volumes by ``.nii`` or ``.nii.gz``.

    Args:
        path: PNG, JPEG, BMP, TIFF or DICOM, or a raw film of JSRT; or one slice of a CT volume,
            named ``scan.nii.gz#z=057,window=lung`` (see `foundations.within`).

    Returns:
        Shape (height, width), values in [0, 1]: 0 black, 1 white; air is dark, bone bright.

    Raises:
        StudyError: If the file is missing, cannot be read, or holds no single picture.
    """
    if parted(path)[1]:
        from leanlung.studies.volumes import slice_picture

        return slice_picture(path).astype(np.float32) / np.float32(255)
    if path.name.lower().endswith((".nii", ".nii.gz")):
        msg = (
            f"{path}: a volume of many slices; name one, {path.name}#z=000 or the like, or "
            "make pictures of all: leanlung data slices"
        )
        raise StudyError(msg)
    try:
        with path.open("rb") as file:
            start = file.read(ENOUGH_TO_TELL)
            reader = _reader(start, str(path))
            data = start + file.read()
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}); an image file was expected"
        raise StudyError(msg) from error
    return _decoded(reader, data, str(path))


def decode_bytes(data: bytes, *, name: str) -> NDArray[np.float32]:
    """Decode an image file that is already in memory, an upload for instance.

    Args:
        data: The whole file.
        name: What to call it in messages.

    Returns:
        As `decode`.

    Raises:
        StudyError: As `decode`.
    """
    return _decoded(_reader(data, name), data, name)


def _reader(start: bytes, name: str) -> Reader:
    kind = kind_of(start)
    if kind is None and raw.is_raw(name):
        return raw.read
    if kind is None:
        found = f"its first bytes are {start[:4].hex(' ')}" if start else "it is empty"
        msg = f"{name}: not a picture, {found}; expected one of {list(READERS)}"
        raise StudyError(msg)
    return READERS[kind]


def _decoded(reader: Reader, data: bytes, name: str) -> NDArray[np.float32]:
    try:
        return reader(data)
    except StudyError as error:
        msg = f"{name}: {error}"
        raise StudyError(msg) from error
