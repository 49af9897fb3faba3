"""Volumes whose every voxel is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nibabel
import numpy as np
import pytest

from leanlung.studies.volumes import close_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

SHAPE = 4, 5, 6  # to the right, to the front, to the head


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    close_all()
    yield
    close_all()


@pytest.fixture
def body() -> NDArray[np.int16]:
    """Voxels in RAS+ order: -1000 but for a mark at the right, front and head ends."""
    voxels = np.full(SHAPE, -1000, np.int16)
    voxels[-1, :, :] = 100  # right
    voxels[:, -1, :] = 200  # front
    voxels[:, :, -1] = 300  # head
    return voxels


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Write voxels as NIfTI under a name; the affine is of RAS+ millimetres unless given."""

    def write(
        voxels: NDArray[Any],
        name: str = "scan.nii.gz",
        affine: NDArray[np.float64] | None = None,
        spacing: tuple[float, float, float] = (1.0, 1.0, 1.0),
    ) -> Path:
        placed = np.diag([*spacing, 1.0]) if affine is None else affine
        path = tmp_path / name
        nibabel.save(nibabel.Nifti1Image(voxels, placed), path)
        return path

    return write
