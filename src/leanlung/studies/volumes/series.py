"""Open a DICOM series: its files by their places, each decoded when it is asked for.

Order, spacing and orientation come from Image Position and Image Orientation (Patient), never
from file names or instance numbers. Slope and intercept are each file's own, as some scanners
change them from slice to slice.

Source: DICOM PS3.3 C.7.6.2 (Image Plane module).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.foundations.errors import StudyError
from leanlung.studies.pictures import dicom
from leanlung.studies.volumes.grid import Grid, grid_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_TAGS = [
    "SeriesInstanceUID", "SeriesDescription", "ImagePositionPatient", "ImageOrientationPatient",
    "PixelSpacing", "Rows", "Columns", "PatientID", "RescaleSlope", "RescaleIntercept",
    "NumberOfFrames", "ImageComments", "Modality",
]  # fmt: skip
_UNEVEN = 0.1
"""Of the usual gap between slices: how much a gap may differ from it."""

_SAME_PLACE_MM = 0.01
_TOLD = 5
_RAS = np.array([-1.0, -1.0, 1.0])
"""DICOM's axes run to the left and to the back; nibabel's to the right and to the front."""

MADE_UP_NOTE = "made up: a phantom, no patient"


@dataclass(frozen=True, eq=False)
class Slice:
    """What the header of one file of a series says.

    Attributes:
        path: The file.
        series: Series instance UID.
        about: Series description.
        origin: Place of the first pixel, in DICOM's millimetres.
        along: Directions in which columns and rows count, (2, 3).
        spacing: Millimetres from row to row and from column to column.
        shape: Rows and columns.
        rescale: Slope and intercept.
        patient: Patient id.
        made_up: Whether it is a phantom.
    """

    path: Path
    series: str
    about: str
    origin: NDArray[np.float64]
    along: NDArray[np.float64]
    spacing: tuple[float, float]
    shape: tuple[int, int]
    rescale: tuple[float, float]
    patient: str
    made_up: bool

    @property
    def normal(self) -> NDArray[np.float64]:
        """The direction across the slice."""
        return np.cross(self.along[0], self.along[1])


@dataclass(frozen=True, eq=False)
class Series:
    """A DICOM series, its slices from the feet's end up.

    Attributes:
        grid: Where its voxels lie; the stored axes are column, row, slice.
        slices: Upright order.
        notes: What somebody who uses it has to know.
    """

    grid: Grid
    slices: tuple[Slice, ...]
    notes: tuple[str, ...]

    def plane(self, index: int) -> NDArray[np.float32]:
        """Decode a slice, in Hounsfield units."""
        return upright(measured(self.slices[index].path), self.grid)


def read_series(folder: Path, series: str = "") -> Series:
    """Read the headers of a folder's DICOM files; no pixel is read.

    Args:
        folder: Of one series, or of several; files that are no DICOM images are passed over.
        series: The end of the series instance UID, where there are several.

    Raises:
        StudyError: If there is none or several, a slice is missing or there twice, or slices
            do not lie on one grid.
    """
    found = _files(folder)
    if not found:
        msg = f"{folder}: no DICOM image in this folder; the files of one series were expected"
        raise StudyError(msg)
    counts = Counter(one.series for one in found)
    fitting = [uid for uid in counts if uid.endswith(series)]
    if len(fitting) != 1:
        listed = "\n  ".join(
            f"{uid}: {count} slices{_about(found, uid)}" for uid, count in counts.most_common()
        )
        asked = f"{len(fitting)} end in {series!r}" if series else f"{len(counts)} are there"
        msg = f"{folder}: {asked}; one series was expected; name it with --series:\n  {listed}"
        raise StudyError(msg)
    slices = [one for one in found if one.series == fitting[0]]
    try:
        ordered = _ordered(slices)
        grid = _grid(ordered)
    except StudyError as error:
        msg = f"{folder}, series {fitting[0]}: {error}"
        raise StudyError(msg) from error
    if grid.turned[0]:
        ordered = ordered[::-1]
    rescales = {one.rescale for one in ordered}
    passed = [f"other series in its folder: {len(counts) - 1}"] if len(counts) > 1 else []
    differing = [f"slope or intercept differ: {len(rescales)} pairs, each slice by its own"]
    return Series(grid, tuple(ordered), (*passed, *(differing if len(rescales) > 1 else [])))


def measured(path: Path) -> NDArray[np.float32]:
    """Decode one DICOM file in the units of its modality, Hounsfield units for CT.

    Raises:
        StudyError: If it cannot be decoded, or is in colour.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}); a DICOM image was expected"
        raise StudyError(msg) from error
    try:
        return dicom.measured(data)
    except StudyError as error:
        msg = f"{path}: {error}"
        raise StudyError(msg) from error


def upright(stored: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    """Turn a slice as stored, (rows, columns), upright."""
    plane = stored if grid.axes[1:] == (1, 0) else stored.T
    return plane[tuple(slice(None, None, -1 if turned else 1) for turned in grid.turned[1:])]


def grid_alone(path: Path) -> Grid:
    """Find how one slice of a series stands upright, from its own header.

    Raises:
        StudyError: If it is no axial slice with a place in space.
    """
    one = _slice(path)
    if one is None:
        msg = f"{path}: no DICOM image with a place in space; a slice of a CT was expected"
        raise StudyError(msg)
    try:
        return _axial(_affine(one, one.normal), (*one.shape[::-1], 1))
    except StudyError as error:
        msg = f"{path}: {error}"
        raise StudyError(msg) from error


def _files(folder: Path) -> list[Slice]:
    try:
        files = [path for path in sorted(folder.iterdir()) if path.is_file()]
    except OSError as error:
        msg = f"{folder}: cannot be read ({error.strerror}); a folder of DICOM was expected"
        raise StudyError(msg) from error
    return [one for path in files if (one := _slice(path)) is not None]


def _slice(path: Path) -> Slice | None:
    """Read a header; None if the file is no DICOM image with a place in space."""
    try:
        from pydicom import dcmread
        from pydicom.errors import InvalidDicomError
    except ImportError as error:
        msg = f"{path}: a DICOM series, and pydicom is not installed; {dicom.EXTRA}"
        raise StudyError(msg) from error
    try:
        header = dcmread(path, stop_before_pixels=True, specific_tags=_TAGS)
    except InvalidDicomError:
        return None
    except Exception as error:  # damaged headers raise nearly anything
        msg = f"{path}: a damaged DICOM header ({error}); get the original file again"
        raise StudyError(msg) from error
    if int(header.get("NumberOfFrames") or 1) > 1:
        msg = (
            f"{path}: {header.NumberOfFrames} frames in one file; one slice a file was "
            "expected; convert it to NIfTI, or to single frames"
        )
        raise StudyError(msg)
    if not header.get("ImagePositionPatient") or "Rows" not in header:
        return None
    try:
        return _described(path, header)
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        msg = f"{path}: a header without place, orientation or spacing ({error})"
        raise StudyError(msg) from error


def _described(path: Path, header: Any) -> Slice:  # noqa: ANN401 - pydicom is optional
    along = np.array(header.ImageOrientationPatient, float).reshape(2, 3)
    down, across = (float(one) for one in header.PixelSpacing)
    return Slice(
        path=path,
        series=str(header.get("SeriesInstanceUID") or ""),
        about=str(header.get("SeriesDescription") or ""),
        origin=np.array(header.ImagePositionPatient, float),
        along=along,
        spacing=(down, across),
        shape=(int(header.Rows), int(header.Columns)),
        rescale=(
            float(header.get("RescaleSlope") or 1.0),
            float(header.get("RescaleIntercept") or 0.0),
        ),
        patient=str(header.get("PatientID") or ""),
        made_up=str(header.get("ImageComments") or "") == MADE_UP_NOTE,
    )


def _ordered(slices: list[Slice]) -> list[Slice]:
    """Put slices in the order of their places, and refuse gaps."""
    first = slices[0]
    for one in slices:
        same = one.shape == first.shape and np.allclose(one.spacing, first.spacing, rtol=1e-3)
        if not same or not np.allclose(one.along, first.along, atol=1e-3):
            msg = (
                f"{one.path.name} has another size, spacing or orientation than "
                f"{first.path.name}; the slices of one grid were expected"
            )
            raise StudyError(msg)
    if len(slices) < 2:
        msg = "a series of one slice; two at least make a volume; use the file as a picture"
        raise StudyError(msg)
    places = np.array([float(one.origin @ first.normal) for one in slices])
    order = np.argsort(places, kind="stable")
    gaps = np.diff(places[order])
    ordered = [slices[place] for place in order]
    if doubled := np.flatnonzero(gaps < _SAME_PLACE_MM).tolist():
        pairs = ", ".join(
            f"{ordered[at].path.name} and {ordered[at + 1].path.name}" for at in doubled[:_TOLD]
        )
        msg = f"{len(doubled)} slices are there twice ({pairs}); remove one of each pair"
        raise StudyError(msg)
    usual = float(np.median(gaps))
    if uneven := np.flatnonzero(np.abs(gaps / usual - 1) > _UNEVEN).tolist():
        told = ", ".join(
            f"{gaps[at]:.2f} mm after {ordered[at].path.name}" for at in uneven[:_TOLD]
        )
        msg = (
            f"slices are missing: {usual:.2f} mm from one to the next was expected, and found "
            f"{told}; {len(uneven)} such gaps; get the whole series"
        )
        raise StudyError(msg)
    return ordered


def _grid(ordered: Sequence[Slice]) -> Grid:
    first, last = ordered[0], ordered[-1]
    step = (last.origin - first.origin) / (len(ordered) - 1)
    return _axial(_affine(first, step), (*first.shape[::-1], len(ordered)))


def _affine(first: Slice, step: NDArray[np.float64]) -> NDArray[np.float64]:
    """From (column, row, slice) to RAS+ millimetres."""
    affine = np.eye(4)
    affine[:3, 0] = _RAS * first.along[0] * first.spacing[1]
    affine[:3, 1] = _RAS * first.along[1] * first.spacing[0]
    affine[:3, 2] = _RAS * step
    affine[:3, 3] = _RAS * first.origin
    return affine


def _axial(affine: NDArray[np.float64], shape: tuple[int, int, int]) -> Grid:
    grid = grid_of(shape, affine)
    if grid.axes[0] != 2:
        msg = "a coronal or sagittal series; axial slices were expected; choose another series"
        raise StudyError(msg)
    return grid


def _about(found: Sequence[Slice], series: str) -> str:
    about = next(one.about for one in found if one.series == series)
    return f", {about}" if about else ""
