"""The grid of a volume: where its voxels lie in the patient, and how its slices stand upright.

Everything here is about three orders of axes. *Stored* is the file's own. *World* is nibabel's
RAS+: millimetres to the patient's right, to the front, to the head. *Upright* is a picture as
radiologists look at it: slices from the feet's end up; rows from the front to the back; columns
from the patient's right, at the picture's left, to the patient's left.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.foundations.errors import StudyError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Affine = NDArray[np.float64]

TOLERANCE = 0.5
"""How far apart, in voxels, corners of a mask and of its volume may lie."""

_RIGHT, _FRONT, _HEAD = range(3)
_UPRIGHT = ((_HEAD, 1), (_FRONT, -1), (_RIGHT, -1))
"""World axis and direction of slices, rows and columns."""


@dataclass(frozen=True)
class Grid:
    """Where upright voxels lie.

    Attributes:
        shape: Slices, rows, columns.
        affine: 4 x 4, from (slice, row, column) to world millimetres, row by row.
        axes: The stored axis of slices, rows and columns.
        turned: Whether each of these runs against the stored one.
    """

    shape: tuple[int, int, int]
    affine: tuple[tuple[float, ...], ...]
    axes: tuple[int, int, int]
    turned: tuple[bool, bool, bool]

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Millimetres from slice to slice, row to row, column to column."""
        between, down, across = np.linalg.norm(np.array(self.affine)[:3, :3], axis=0)
        return float(between), float(down), float(across)

    def upright(self, stored: NDArray[Any]) -> NDArray[Any]:
        """View a stored array, shape of the file, as slices, rows and columns; not a copy."""
        steps = tuple(slice(None, None, -1 if turned else 1) for turned in self.turned)
        return stored.transpose(self.axes)[steps]


def grid_of(shape: tuple[int, int, int], affine: Affine) -> Grid:
    """Find how a stored volume stands upright.

    Every stored axis goes for the world axis it is nearest to, as in nibabel's
    ``as_closest_canonical``; nothing is resampled, so an oblique volume stays as it was cut.

    Args:
        shape: As stored.
        affine: 4 x 4, from stored indices to world millimetres (RAS+).

    Raises:
        StudyError: If the affine is not a placing of three axes in space.
    """
    directions = affine[:3, :3]
    sizes = np.linalg.norm(directions, axis=0)
    if not np.isfinite(affine).all() or (sizes < 1e-6).any():
        msg = (
            f"its affine gives voxels of {np.round(sizes, 3).tolist()} mm; three sizes above "
            "zero were expected; convert the volume from its DICOM files again"
        )
        raise StudyError(msg)
    share = np.abs(directions / sizes)
    # For each world axis the stored one that runs along it.
    axis = max(permutations(range(3)), key=lambda p: sum(share[w, p[w]] for w in range(3)))
    if abs(np.linalg.det(directions / sizes)) < 1e-3:
        msg = "its affine lays two axes on one line; convert the volume from its DICOM files"
        raise StudyError(msg)
    axes = tuple(axis[world] for world, _ in _UPRIGHT)
    turned = tuple(bool(directions[world, axis[world]] * way < 0) for world, way in _UPRIGHT)
    return Grid(
        shape=tuple(shape[one] for one in axes),  # type: ignore[arg-type]
        affine=_rows(_upright_affine(shape, affine, axes, turned)),
        axes=axes,  # type: ignore[arg-type]
        turned=turned,  # type: ignore[arg-type]
    )


def require_same(mask: Grid, volume: Grid) -> None:
    """Refuse a mask that lies elsewhere than its volume.

    Raises:
        StudyError: If the shapes differ, or a corner lies more than half a voxel away.
    """
    if mask.shape != volume.shape:
        msg = (
            f"its mask has {_by(mask.shape)} slices x rows x columns, and the volume "
            f"{_by(volume.shape)}; is it the mask of another volume?"
        )
        raise StudyError(msg)
    corners = np.array([(z, y, x, 1) for z in (0, 1) for y in (0, 1) for x in (0, 1)], float)
    corners[:, :3] *= np.array(volume.shape) - 1
    apart = corners @ (np.array(mask.affine) - np.array(volume.affine)).T
    in_voxels = float(
        np.abs(np.linalg.solve(np.array(volume.affine)[:3, :3], apart[:, :3].T)).max()
    )
    if in_voxels > TOLERANCE:
        msg = (
            f"its mask lies {in_voxels:.1f} voxels away from the volume by their affines; "
            f"{TOLERANCE} at most was expected; is it the mask of another volume?"
        )
        raise StudyError(msg)


def _upright_affine(
    shape: tuple[int, int, int], affine: Affine, axes: tuple[int, ...], turned: tuple[bool, ...]
) -> Affine:
    upright = np.eye(4)
    upright[:3, 3] = affine[:3, 3]
    for place, (stored, against) in enumerate(zip(axes, turned, strict=True)):
        step = affine[:3, stored]
        upright[:3, place] = -step if against else step
        if against:
            upright[:3, 3] += step * (shape[stored] - 1)
    return upright


def _rows(affine: Affine) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(cell) for cell in row) for row in affine)


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
