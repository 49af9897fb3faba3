"""However a volume is stored, its slices stand upright."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import nibabel
import numpy as np
import pytest
from nibabel.orientations import axcodes2ornt, inv_ornt_aff, io_orientation, ornt_transform

from leanlung.foundations.errors import StudyError
from leanlung.studies.volumes import grid_of, opened, read_mask, read_volume, require_same

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

AXES = [
    "".join(side[way] for side, way in zip(order, ways, strict=True))
    for order in itertools.permutations(("LR", "PA", "IS"))
    for ways in itertools.product((0, 1), repeat=3)
]


def stored_as(voxels: NDArray[Any], axes: str) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Turn RAS+ voxels into another order of axes, with the affine that says so (nibabel)."""
    image = nibabel.Nifti1Image(voxels, np.diag([0.7, 0.8, 5.0, 1.0]))
    turn = ornt_transform(io_orientation(image.affine), axcodes2ornt(tuple(axes)))
    return (
        nibabel.apply_orientation(voxels, turn),
        image.affine @ inv_ornt_aff(turn, voxels.shape),
    )


@pytest.mark.parametrize("axes", AXES)
def test_any_stored_order_gives_front_up_and_the_right_side_at_the_left(
    body: NDArray[np.int16], save: Callable[..., Path], axes: str
) -> None:
    voxels, affine = stored_as(body, axes)
    path = save(voxels, "scan.nii", affine)
    volume = read_volume(path)
    assert volume.shape == (6, 5, 4)
    assert volume.spacing == pytest.approx((5.0, 0.8, 0.7))
    middle, top = opened(path).plane(2), opened(path).plane(5)
    assert (middle[0] == 200).all()  # the front is the first row
    assert (middle[1:, 0] == 100).all()  # the patient's right is the first column
    assert (middle[1:, 1:] == -1000).all()
    assert (top == 300).all()  # the head is the last slice


def test_the_grid_says_where_each_upright_voxel_lies(body: NDArray[np.int16]) -> None:
    for axes in ("RAS", "LPS", "PIR"):
        voxels, affine = stored_as(body, axes)
        grid = grid_of(voxels.shape, affine)
        # Slice 1, row 0 (front, index 4), column 0 (right, index 3) by hand, in RAS+ mm.
        assert np.array(grid.affine) @ (1, 0, 0, 1) == pytest.approx((3 * 0.7, 4 * 0.8, 5.0, 1))


def test_an_oblique_volume_goes_by_its_nearest_axes_as_in_nibabel(
    body: NDArray[np.int16],
) -> None:
    tilt = np.deg2rad(20)
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]]
    voxels, affine = stored_as(body, "LPS")
    image = nibabel.as_closest_canonical(nibabel.Nifti1Image(voxels, turn @ affine))
    grid = grid_of(voxels.shape, turn @ affine)
    theirs = np.asarray(image.dataobj)[::-1, ::-1].transpose(2, 1, 0)
    np.testing.assert_array_equal(grid.upright(voxels), theirs)


@pytest.mark.parametrize(
    "affine", [np.diag([1.0, 0.0, 1.0, 1.0]), np.full((4, 4), np.nan), np.ones((4, 4))]
)
def test_an_affine_that_places_nothing_is_refused(affine: NDArray[np.float64]) -> None:
    with pytest.raises(StudyError, match="affine"):
        grid_of((3, 3, 3), affine)


def test_a_mask_stored_another_way_round_is_of_the_same_grid(
    body: NDArray[np.int16], save: Callable[..., Path]
) -> None:
    volume = read_volume(save(body, spacing=(0.7, 0.8, 5.0)))
    voxels, affine = stored_as((body == 100).astype(np.uint8), "SPL")
    mask = read_mask(save(voxels, "mask.nii.gz", affine), volume)
    marked = opened(mask.path, kind="mask").labels(2)
    assert (marked[1:, 0] == 1).all()
    assert marked[:, 1:].sum() == 0


@pytest.mark.parametrize(("shift", "fits"), [(0.4, True), (0.6, False)])
def test_a_mask_may_lie_half_a_voxel_away(
    body: NDArray[np.int16], shift: float, fits: bool
) -> None:
    affine = np.diag([2.0, 2.0, 5.0, 1.0])
    volume = grid_of(body.shape, affine)
    affine[0, 3] = shift * 2.0
    moved = grid_of(body.shape, affine)
    if fits:
        require_same(moved, volume)
    else:
        with pytest.raises(StudyError, match=r"0\.6 voxels away"):
            require_same(moved, volume)


def test_a_mask_of_another_shape_is_refused_with_both_shapes(
    body: NDArray[np.int16], save: Callable[..., Path]
) -> None:
    volume = read_volume(save(body))
    path = save(np.zeros((4, 5, 5), np.uint8), "mask.nii.gz")
    with pytest.raises(StudyError, match=r"5 x 5 x 4 .* 6 x 5 x 4"):
        read_mask(path, volume)
