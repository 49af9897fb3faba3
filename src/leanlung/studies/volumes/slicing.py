"""Slices of a volume as pictures: through a window, upright, one after the other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.foundations.errors import StudyError
from leanlung.foundations.within import parted
from leanlung.studies.volumes.grid import require_same
from leanlung.studies.volumes.nifti import is_nifti
from leanlung.studies.volumes.opening import described, opened, planes_of
from leanlung.studies.volumes.series import grid_alone, measured, upright
from leanlung.studies.volumes.windows import LUNG, shown, window_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from leanlung.studies.volumes.volume import Volume
    from leanlung.studies.volumes.windows import Window

_WHITE = 255
_WORD = re.compile(r"z=(\d+)|window=([^,]+)|mask(?:=(\d+))?")


def slices(volume: Volume, window: Window) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Give a volume's slices as pictures, from the feet's end up.

    Args:
        volume: From `read_volume`.
        window: What black and white are. A volume whose values are grey from 0 to 255 already
            is given as it is, rounded; nobody can undo its window.

    Yields:
        Index and picture: (rows, columns), 0 black to 255 white; the patient's front is up,
        the right side at the picture's left.

    Raises:
        StudyError: If a slice cannot be read, or a voxel of it is no number.
    """
    for index, plane in planes_of(volume):
        yield index, picture(plane, window, windowed=volume.windowed)


def labels(mask: Volume) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Give a mask's slices, (rows, columns), upright, as whole numbers from 0."""
    yield from planes_of(mask, kind="mask")


def read_mask(path: Path, volume: Volume) -> Volume:
    """Read what there is to know of a mask, and check that it is of a volume.

    It may be stored in another order of axes than its volume; slices of both stand upright.

    Args:
        path: A NIfTI file.
        volume: Of the same patient.

    Raises:
        StudyError: If it cannot be read, has another shape than the volume, or lies more than
            half a voxel away from it at a corner.
    """
    mask = described(path)
    try:
        require_same(mask.grid, volume.grid)
    except StudyError as error:
        msg = f"{path}, of {volume.path.name}: {error}"
        raise StudyError(msg) from error
    return mask


def picture(
    plane: NDArray[np.number[Any]], window: Window, *, windowed: bool
) -> NDArray[np.uint8]:
    """Make a picture of a slice; as `slices`."""
    if windowed and plane.dtype.kind in "iu":
        return plane.astype(np.uint8)
    if windowed:
        stored: NDArray[np.uint8] = np.rint(plane).astype(np.uint8)
        return stored
    return shown(plane, window)  # type: ignore[arg-type]


def slice_picture(path: Path) -> NDArray[np.uint8]:
    """Read the slice that a manifest names: ``scan.nii.gz#z=057,window=lung``.

    Args:
        path: A NIfTI file with ``#z=``, or a DICOM file of a series with ``#window=``.

    Returns:
        As `slices` gives it; of a mask (``#z=057,mask``) 255 where it is above zero, or has
        one label (``#z=057,mask=3``).

    Raises:
        StudyError: If the name is wrong or the slice cannot be read.
        UsageError: If there is no such window.
    """
    file, words = parted(path)
    index, window, label = _understood(path, words)
    if not is_nifti(file):
        if index is not None or label is not None:
            msg = (
                f"{path}: #z= and mask go for .nii and .nii.gz; of DICOM name the slice's file"
            )
            raise StudyError(msg)
        grid = grid_alone(file)
        return np.ascontiguousarray(shown(upright(measured(file), grid), window))
    if index is None:
        msg = f"{path}: which slice is not told; {file.name}#z=000 or the like was expected"
        raise StudyError(msg)
    if label is not None:
        found = opened(file, kind="mask").labels(index)
        marked = found == label if label else found > 0
        return np.where(marked, np.uint8(_WHITE), np.uint8(0))
    scan = opened(file)
    return picture(scan.plane(index), window, windowed=scan.volume.windowed)


def _understood(path: Path, words: str) -> tuple[int | None, Window, int | None]:
    """Give slice, window and, of a mask, the label that counts, 0 for all."""
    index, window, label = None, LUNG, None
    for word in words.split(","):
        found = _WORD.fullmatch(word)
        if found is None:
            msg = (
                f"{path}: {word!r} after #; z=057, window=lung (or level:width) and mask are "
                "understood, parted by commas"
            )
            raise StudyError(msg)
        if found[1]:
            index = int(found[1])
        elif found[2]:
            window = window_of(found[2])
        else:
            label = int(found[3] or 0)
    return index, window, label
