"""Open a volume: what it is, its slices as they are asked for, and few volumes kept open.

A ``.nii.gz`` file is decompressed when its first slice is read. It then stays open until
another volume is, so that slices listed one after the other do not decompress it again and
again: one scan and two masks at a time.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from leanlung.foundations.errors import StudyError
from leanlung.studies.volumes.nifti import header_of, is_nifti, open_nifti
from leanlung.studies.volumes.series import read_series
from leanlung.studies.volumes.volume import Volume

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from leanlung.studies.volumes.nifti import Header
    from leanlung.studies.volumes.series import Series
    from leanlung.studies.volumes.volume import Planes

FEWEST_SLICES = 2
_AIR = -100.0
"""Hounsfield units: every scan of a chest has far less, and grey from 0 to 255 has not."""

_WHITE = 255.0
_LARGEST_LABEL = 255


@dataclass(frozen=True, eq=False)
class Opened:
    """An open volume.

    Attributes:
        volume: What it is.
        planes: Its slices, upright, in the units of the file.
    """

    volume: Volume
    planes: Planes

    def plane(self, index: int) -> NDArray[np.number[Any]]:
        """Give a slice of a scan, upright: Hounsfield units, or grey if it is windowed.

        Raises:
            StudyError: If there is no such slice, it cannot be decoded, or a voxel is no
                number.
        """
        plane = self._plane(index)
        if plane.dtype.kind == "f" and not (finite := np.isfinite(plane)).all():
            msg = (
                f"{self.volume.path}, slice {index}: {int((~finite).sum())} voxels are no "
                "number; leave the slice out, or convert the volume again"
            )
            raise StudyError(msg)
        return plane

    def labels(self, index: int) -> NDArray[np.uint8]:
        """Give a slice of a mask, upright: whole numbers from 0.

        Raises:
            StudyError: As `plane`, or if a value is none from 0 to 255.
        """
        plane = self.plane(index)
        if plane.dtype == np.uint8:
            return plane  # type: ignore[return-value]
        low, high = float(plane.min()), float(plane.max())
        if low < 0 or high > _LARGEST_LABEL:
            msg = (
                f"{self.volume.path}, slice {index}: values from {low:g} to {high:g}; a mask "
                "has whole numbers from 0 to 255; is it the scan?"
            )
            raise StudyError(msg)
        whole: NDArray[np.uint8] = np.rint(plane).astype(np.uint8)
        return whole

    def _plane(self, index: int) -> NDArray[np.number[Any]]:
        count = self.volume.shape[0]
        if not 0 <= index < count:
            msg = f"{self.volume.path}: no slice {index}; it has 0 to {count - 1}"
            raise StudyError(msg)
        return self.planes.plane(index)


Kind = Literal["scan", "mask"]
_Key = tuple[Any, ...]


@dataclass
class _Shelf:
    """A few open volumes; the one not used for longest goes first."""

    room: int
    held: OrderedDict[_Key, Opened] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)

    def take(self, key: _Key, make: Callable[[], Opened]) -> Opened:
        # Locked while it opens: threads that want slices of one volume open it once.
        with self.lock:
            if key not in self.held:
                while len(self.held) >= self.room:
                    self.held.popitem(last=False)  # before the next is there, not after
                self.held[key] = make()
            self.held.move_to_end(key)
            return self.held[key]

    def clear(self) -> None:
        with self.lock:
            self.held.clear()


_SHELVES: dict[Kind, _Shelf] = {"scan": _Shelf(1), "mask": _Shelf(2)}


def opened(path: Path, series: str = "", *, kind: Kind = "scan") -> Opened:
    """Open a volume, or give it again if it still is open and its file unchanged.

    Args:
        path: A NIfTI file, or a folder of a DICOM series.
        series: The end of its series instance UID, where the folder has several.
        kind: Whether it is a scan, whose units are found out, or a mask.

    Raises:
        StudyError: If it cannot be opened; as `read_volume`.
    """
    try:
        status = path.stat()
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}); a volume was expected"
        raise StudyError(msg) from error
    key = (str(path.absolute()), series, status.st_size, status.st_mtime_ns)
    return _SHELVES[kind].take(key, lambda: _open(path, series, kind))


def close_all() -> None:
    """Let go of all open volumes and their memory."""
    for shelf in _SHELVES.values():
        shelf.clear()


def read_volume(path: Path, series: str = "") -> Volume:
    """Read what there is to know of a scan.

    Args:
        path: A NIfTI file (``.nii``, ``.nii.gz``), or a folder of a DICOM series.
        series: The end of its series instance UID, where the folder has several.

    Returns:
        A frozen value. Voxels are read until its units are known: Hounsfield units as soon as
        one lies below -100; grey from 0 to 255 if all lie there.

    Raises:
        StudyError: If nibabel or pydicom is missing, the file is truncated or damaged, it has
            one slice or more than three axes, no single number a voxel, voxels all alike, or
            values that are neither; of a series, as `read_series`.
    """
    return opened(path, series).volume


def described(path: Path, series: str = "") -> Volume:
    """Read what a file's header tells of a volume; its units are not found out.

    Raises:
        StudyError: As `read_volume`, as far as a header tells.
    """
    return _described(path, series)[0]


def _described(path: Path, series: str) -> tuple[Volume, Header | Series]:
    source: Header | Series
    if path.is_dir():
        source = read_series(path, series)
        first = source.slices[0]
        volume = Volume(
            path=path,
            files=tuple(one.path for one in source.slices),
            grid=source.grid,
            windowed=False,
            patient=first.patient,
            series=first.series,
            made_up=all(one.made_up for one in source.slices),
            notes=source.notes,
        )
    elif is_nifti(path):
        source = header_of(path)
        volume = Volume(path, (), source.grid, windowed=False, made_up=source.made_up)
    else:
        msg = f"{path}: no volume; a .nii or .nii.gz file or a folder of DICOM was expected"
        raise StudyError(msg)
    if volume.shape[0] < FEWEST_SLICES:
        msg = f"{path}: a volume of one slice; two at least were expected; use it as a picture"
        raise StudyError(msg)
    return volume, source


def _open(path: Path, series: str, kind: Kind) -> Opened:
    volume, source = _described(path, series)
    planes: Planes = source if volume.files else open_nifti(source)  # type: ignore[arg-type, assignment]
    found = Opened(volume, planes)
    if kind == "mask":
        return found
    return replace(found, volume=replace(volume, windowed=_windowed(found)))


def _windowed(found: Opened) -> bool:
    """Look at slices, the middle ones first, until the units are known.

    What is no number is passed over here; its slice is refused when it is read.
    """
    low, high = np.inf, -np.inf
    count = found.volume.shape[0]
    for index in sorted(range(count), key=lambda one: abs(one - count // 2)):
        plane = found.planes.plane(index)
        if plane.dtype.kind == "f":
            plane = plane[np.isfinite(plane)]
        if plane.size:
            low, high = min(low, float(plane.min())), max(high, float(plane.max()))
        if low < _AIR and high > low:
            return False
    if low == high or not np.isfinite(low):
        alike = f"all voxels are {low:g}" if np.isfinite(low) else "no voxel is a number"
        msg = f"{found.volume.path}: {alike}; a CT scan was expected; get the original again"
        raise StudyError(msg)
    if low >= 0 and high <= _WHITE:
        return True
    msg = (
        f"{found.volume.path}: values from {low:g} to {high:g}: neither Hounsfield units, in "
        f"which air lies below {_AIR:g}, nor grey from 0 to 255; apply its slope and intercept"
    )
    raise StudyError(msg)


def planes_of(volume: Volume, *, kind: Kind = "scan") -> Iterator[tuple[int, NDArray[Any]]]:
    """Give a volume's slices as `Opened.plane` or `Opened.labels` does, one by one."""
    found = opened(volume.path, volume.series, kind=kind)
    for index in range(volume.shape[0]):
        yield index, found.plane(index) if kind == "scan" else found.labels(index)
