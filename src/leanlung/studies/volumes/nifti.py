"""Open a NIfTI file: its header, and its voxels as they are stored.

Of a ``.nii`` file only the slices that are asked for are read. A ``.nii.gz`` file cannot be
read from its middle: it is decompressed once, into the memory its voxels take as stored. Never
is there a second copy of a whole volume, nor one in floating point.

Nibabel, an optional part, is imported when the first volume is met.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.foundations.errors import StudyError
from leanlung.studies.volumes.grid import Grid, grid_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

EXTRA = 'pip install "leanlung[ct]"'
SUFFIXES = (".nii", ".nii.gz")
MADE_UP_NOTE = "made up: a phantom, no patient"
"""What a phantom's header describes itself as; a header holds 80 letters."""

_PIECE = 1 << 18
_HIGHEST_COMPRESSION = 1032
"""No deflated byte holds more; a header that promises more is of a truncated file."""

_READ = (OSError, EOFError, zlib.error)


@dataclass(frozen=True, eq=False)
class Stored:
    """An open NIfTI file.

    Attributes:
        grid: Where its voxels lie.
        voxels: (slices, rows, columns), upright, as stored; a view.
        slope: Factor to the units of the file.
        intercept: Added after it.
        made_up: Whether it is a phantom.
    """

    grid: Grid
    voxels: NDArray[Any]
    slope: float
    intercept: float
    made_up: bool

    def plane(self, index: int) -> NDArray[np.number[Any]]:
        """Give a slice in the units of the file; whole numbers as they are stored."""
        stored = np.ascontiguousarray(self.voxels[index])
        if self.slope == 1.0 and not self.intercept and stored.dtype.kind in "iu":
            return stored
        plane: NDArray[np.float32] = stored.astype(np.float32)
        if self.slope != 1.0:
            plane *= np.float32(self.slope)
        if self.intercept:
            plane += np.float32(self.intercept)
        return plane


@dataclass(frozen=True, eq=False)
class Header:
    """What a NIfTI file says before its voxels.

    Attributes:
        path: The file.
        grid: Where its voxels lie.
        shape: As stored.
        dtype: As stored.
        offset: Of the voxels, in bytes.
        slope: Factor to the units of the file.
        intercept: Added after it.
        made_up: Whether it is a phantom.
    """

    path: Path
    grid: Grid
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    offset: int
    slope: float
    intercept: float
    made_up: bool

    @property
    def bytes(self) -> int:
        """Of its voxels, decompressed."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize


def is_nifti(path: Path) -> bool:
    """Tell by its name whether a file is a NIfTI volume."""
    return path.name.lower().endswith(SUFFIXES)


def header_of(path: Path) -> Header:
    """Read the header of a NIfTI file; no voxel is read.

    Raises:
        StudyError: If nibabel is missing, or it is no volume of one number a voxel.
    """
    try:
        import nibabel
    except ImportError as error:
        msg = f"{path}: a NIfTI volume, and nibabel is not installed; {EXTRA}"
        raise StudyError(msg) from error
    try:
        image = nibabel.load(path)
        header, voxels, affine = image.header, image.dataobj, np.asarray(image.affine, float)
        dtype, offset = header.get_data_dtype(), int(voxels.offset)
        slope, intercept = float(voxels.slope), float(voxels.inter)
        described = bytes(header["descrip"].tobytes()).rstrip(b"\0").decode("latin-1")
        found = tuple(int(side) for side in image.shape)
    except FileNotFoundError:
        msg = f"{path}: no such file; a NIfTI volume was expected"
        raise StudyError(msg) from None
    except Exception as error:  # damaged headers raise nearly anything
        reason = " ".join(str(error).split())
        msg = f"{path}: not a NIfTI volume, or damaged ({reason}); get the original file again"
        raise StudyError(msg) from error
    try:
        shape = _three(found)
        _require_numbers(dtype)
        grid = grid_of(shape, affine)
    except StudyError as error:
        msg = f"{path}: {error}"
        raise StudyError(msg) from error
    return Header(path, grid, shape, dtype, offset, slope, intercept, described == MADE_UP_NOTE)


def open_nifti(header: Header) -> Stored:
    """Get at the voxels of a NIfTI file.

    Raises:
        StudyError: If the file is truncated or damaged, or its voxels fit no memory.
    """
    path = header.path
    try:
        packed = path.name.lower().endswith(".gz")
        flat = _decompressed(header) if packed else _mapped(header)
    except _READ as error:
        reason = " ".join(str(error).split())
        msg = f"{path}: truncated or damaged ({reason}); get the original file again"
        raise StudyError(msg) from error
    except MemoryError as error:
        msg = f"{path}: {header.bytes} bytes of voxels, more than there is memory"
        raise StudyError(msg) from error
    stored = flat.view(header.dtype).reshape(header.shape, order="F")
    return Stored(
        header.grid,
        header.grid.upright(stored),
        header.slope,
        header.intercept,
        header.made_up,
    )


def _three(shape: tuple[int, ...]) -> tuple[int, int, int]:
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    by = " x ".join(map(str, shape))
    if len(shape) != 3:
        what = "a series in time, or one of colours" if len(shape) > 3 else "no volume"
        msg = f"{len(shape)}-D, {by}: {what}; three axes were expected; save one volume of it"
        raise StudyError(msg)
    if min(shape) < 1:
        msg = f"{by} voxels; one at least along each axis was expected"
        raise StudyError(msg)
    return shape[0], shape[1], shape[2]


def _require_numbers(dtype: np.dtype[Any]) -> None:
    if dtype.kind not in "iuf":
        what = "RGB" if dtype.names else "complex" if dtype.kind == "c" else str(dtype)
        msg = (
            f"voxels of kind {what}; one number a voxel was expected; export the scan itself, "
            "not a picture of it"
        )
        raise StudyError(msg)


def _mapped(header: Header) -> NDArray[np.uint8]:
    size = header.path.stat().st_size
    if size < header.offset + header.bytes:
        msg = f"{size} bytes, and {header.offset + header.bytes} were expected"
        raise EOFError(msg)
    mapped = np.memmap(header.path, np.uint8, "r", header.offset, (header.bytes,))
    return np.asarray(mapped)


def _decompressed(header: Header) -> NDArray[np.uint8]:
    """Fill memory of just the right size: growing it would take twice as much."""
    if header.bytes > header.path.stat().st_size * _HIGHEST_COMPRESSION:
        msg = f"its header promises {header.bytes} bytes, more than it can hold"
        raise EOFError(msg)
    flat = np.empty(header.bytes, np.uint8)
    into = memoryview(flat)  # type: ignore[arg-type]
    with gzip.open(header.path) as file:
        file.seek(header.offset)
        filled = 0
        while filled < header.bytes:
            got = file.readinto(into[filled : filled + _PIECE])
            if not got:
                msg = f"{filled} bytes of voxels, and {header.bytes} were expected"
                raise EOFError(msg)
            filled += got
        while file.read(_PIECE):  # what follows is nobody's, but its checksum is looked at
            pass
    return flat
