"""Slices of a volume that a bundle can be asked about: upright, windowed, with lung on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.foundations.errors import LeanlungError, StudyError, UsageError
from leanlung.studies.volumes import find_lungs, find_lungs_in, opened
from leanlung.studies.volumes.slicing import picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from leanlung.studies.volumes import Opened, Volume, Window

    Mask = NDArray[np.bool_]

NO_LUNG, UNREADABLE = "no lung found on them", "cannot be read"
"""Why slices are left out."""

_WHITE = np.float32(255)
_SIDE = 256
"""Lungs are looked for on slices of this many pixels a side, so that a scan fits in memory."""


@dataclass(frozen=True, eq=False)
class LungSlice:
    """One slice with lung on it.

    Attributes:
        index: In the volume, from 0 at the feet's end.
        study_id: ``scan.nii.gz#z=057``; of a DICOM series with the name of its folder.
        image: (H, W), in [0, 1], through the window.
        lungs: (H, W): found by their air.
    """

    index: int
    study_id: str
    image: NDArray[np.float32]
    lungs: Mask


@dataclass(frozen=True, eq=False)
class LungSlices:
    """The slices of a volume that have lung on them, read when they are asked for.

    Attributes:
        volume: What it is.
        window: Through which they are shown.
        looked_at: Indices of all slices that were looked at.
        without: Of these, those without lung.
        problems: Those that cannot be read, and why.
    """

    volume: Volume
    window: Window
    looked_at: tuple[int, ...]
    without: tuple[int, ...]
    problems: dict[int, str]
    _opened: Opened = field(repr=False)
    _lungs: dict[int, Mask] = field(repr=False)

    def __len__(self) -> int:
        return len(self._lungs)

    @property
    def left_out(self) -> dict[str, int]:
        """Why slices were left out, and how many."""
        counts = {NO_LUNG: len(self.without), UNREADABLE: len(self.problems)}
        return {why: count for why, count in counts.items() if count}

    def batches(self, size: int) -> Iterator[list[LungSlice]]:
        """Give the slices from the feet's end up, some at a time."""
        indices = list(self._lungs)
        for start in range(0, len(indices), size):
            yield [self._slice(index) for index in indices[start : start + size]]

    def _slice(self, index: int) -> LungSlice:
        volume = self.volume
        shown = picture(self._opened.plane(index), self.window, windowed=volume.windowed)
        image = shown.astype(np.float32) / _WHITE
        shape = image.shape[0], image.shape[1]
        name = f"{volume.path.absolute().name}#z={index:03d}"
        return LungSlice(index, name, image, _as_large(self._lungs[index], shape))


def lung_slices(path: Path, window: Window, *, every: int = 1, series: str = "") -> LungSlices:
    """Open a volume and find the slices with lung on them.

    In Hounsfield units the lungs are the largest air inside the body over all slices looked
    at; of a volume that is grey already they are found slice by slice, which may take bowel
    for lung.

    Args:
        path: A NIfTI file, or a folder of a DICOM series.
        window: Through which slices are shown.
        every: Look at every so many slices, from the first.
        series: The end of the series instance UID, where a folder has several.

    Raises:
        StudyError: As `read_volume`; or if no slice has lung on it.
        UsageError: If ``every`` is below 1.
    """
    if every < 1:
        msg = f"every {every} slices; 1 or more was expected"
        raise UsageError(msg)
    found = opened(path, series)
    volume = found.volume
    asked = tuple(range(0, volume.shape[0], every))
    problems: dict[int, str] = {}
    read: list[int] = []

    def planes() -> Iterator[NDArray[np.number[Any]]]:
        for index in asked:
            try:
                plane = found.plane(index)
            except LeanlungError as error:
                problems[index] = str(error)
            else:
                read.append(index)
                yield _small(plane)

    if volume.windowed:
        masks = [find_lungs(plane, None) for plane in planes()]
    else:
        masks = _in_all(planes())
    lungs = {index: mask for index, mask in zip(read, masks, strict=True) if mask.any()}
    without = tuple(index for index in read if index not in lungs)
    if not lungs:
        told = f"; of one: {next(iter(problems.values()))}" if problems else ""
        msg = (
            f"{path}: no lung on any of {len(asked)} slices looked at, of which "
            f"{len(problems)} cannot be read{told}; a CT scan of the chest was expected"
        )
        raise StudyError(msg)
    return LungSlices(volume, window, asked, without, problems, found, lungs)


def _in_all(planes: Iterator[NDArray[np.number[Any]]]) -> list[Mask]:
    first = next(planes, None)
    if first is None:
        return []

    def again() -> Iterator[NDArray[np.number[Any]]]:
        yield first
        yield from planes

    return list(find_lungs_in(again()))


def _small(plane: NDArray[np.number[Any]]) -> NDArray[np.number[Any]]:
    """Take every so many rows and columns."""
    step = max(1, -(-max(plane.shape) // _SIDE))
    return np.ascontiguousarray(plane[::step, ::step])


def _as_large(mask: Mask, shape: tuple[int, int]) -> Mask:
    """Undo `_small`: each pixel of the mask stands for those that were passed over after it."""
    step = max(1, -(-max(shape) // _SIDE))
    large = mask.repeat(step, axis=0).repeat(step, axis=1)
    return large[: shape[0], : shape[1]]
