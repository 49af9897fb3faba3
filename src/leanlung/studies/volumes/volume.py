"""A volume: what is known of a CT scan before its slices are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from leanlung.foundations.within import within

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from leanlung.studies.volumes.grid import Grid
    from leanlung.studies.volumes.windows import Window


@dataclass(frozen=True)
class Volume:
    """A CT scan, or a mask of one.

    Attributes:
        path: The NIfTI file, or the folder of a DICOM series.
        files: One file for each slice if it is a series, from the feet's end up; else empty.
        grid: Where its voxels lie; slices stand upright (`Grid`).
        windowed: Whether its values are no Hounsfield units but grey from 0 to 255 already.
        patient: As the file tells it; blank if it does not.
        series: Its series instance UID; blank for NIfTI.
        made_up: Whether it is a phantom.
        notes: What somebody who uses it has to know.
    """

    path: Path
    files: tuple[Path, ...]
    grid: Grid
    windowed: bool
    patient: str = ""
    series: str = ""
    made_up: bool = False
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows, columns."""
        return self.grid.shape

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Millimetres from slice to slice, row to row, column to column."""
        return self.grid.spacing

    @property
    def affine(self) -> tuple[tuple[float, ...], ...]:
        """From (slice, row, column) to world millimetres (RAS+), row by row."""
        return self.grid.affine

    def name_of(self, index: int, window: Window) -> Path:
        """Name a slice as a picture that a manifest may list."""
        if self.files:
            return within(self.files[index], f"window={window.name}")
        return within(self.path, f"z={index:03d},window={window.name}")

    def mask_name_of(self, index: int, label: int = 0) -> Path:
        """Name a slice of a mask as a picture; of all its labels, or of one."""
        return within(self.path, f"z={index:03d},mask" + (f"={label}" if label else ""))


class Planes(Protocol):
    """Slices that are read when they are asked for."""

    def plane(self, index: int) -> NDArray[np.number[Any]]:
        """Give a slice, (rows, columns) upright, in the units of the file."""
