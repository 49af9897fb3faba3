"""Parts of a film: what is black, what stays, and what counts as a mark."""

import cv2
import numpy as np
import pytest

from leanlung.evaluation.features import COUNT, features_of
from leanlung.evaluation.regions import (
    REGIONS,
    SIDE,
    covered,
    marks_of,
    rectangle_of,
    regions_of,
    usual_rectangle,
)
from leanlung.foundations.errors import PixelError
from leanlung.pixels.crop import Box


@pytest.fixture
def film() -> np.ndarray:
    """A soft film without a mark, wider than high."""
    coarse = np.random.default_rng(0).uniform(0.3, 0.7, (5, 6)).astype(np.float32)
    return cv2.resize(coarse, (300, 200), interpolation=cv2.INTER_CUBIC)


def test_every_region_is_a_square_in_the_unit_range(film: np.ndarray) -> None:
    found = regions_of(film, usual_rectangle())
    assert set(found) == set(REGIONS)
    for picture in found.values():
        assert picture.shape == (SIDE, SIDE)
        assert picture.dtype == np.float32
        assert 0 <= picture.min() <= picture.max() <= 1


def test_no_pixel_of_the_lungs_changes_the_film_without_them(film: np.ndarray) -> None:
    box = Box(32, 96, 32, 96)
    other = film.copy()
    other[52:148, 78:222] = 0.99  # well within the box
    one, two = regions_of(film, box), regions_of(other, box)
    assert np.array_equal(one["lungs_out"], two["lungs_out"])
    assert not one["lungs_out"][32:96, 32:96].any()
    assert one["lungs_out"][:30].all()
    assert not np.array_equal(one["lungs_only"], two["lungs_only"])


def test_no_pixel_outside_changes_the_lungs_alone(film: np.ndarray) -> None:
    box = Box(32, 96, 32, 96)
    other = film.copy()
    other[:40] = 0.0
    one, two = regions_of(film, box), regions_of(other, box)
    assert np.array_equal(one["lungs_only"], two["lungs_only"])
    assert not np.array_equal(one["border"], two["border"])


def test_the_border_is_a_tenth_wide(film: np.ndarray) -> None:
    border = regions_of(film, usual_rectangle())["border"]
    assert not border[13:-13, 13:-13].any()
    assert border[:13].all()
    assert border[:, -13:].all()


def test_letters_are_marks_and_soft_shadows_are_none(film: np.ndarray) -> None:
    plain = cv2.resize(film, (SIDE, SIDE))
    assert not marks_of(plain).any()
    letter = np.zeros((SIDE, SIDE), dtype=np.uint8)
    cv2.putText(letter, "R", (8, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 2)
    written = np.maximum(plain, (letter > 127).astype(np.float32))
    marks = marks_of(written)
    assert marks[5:28, 5:28].sum() > 30
    assert not marks[30:].any()


def test_a_white_frame_is_no_mark(film: np.ndarray) -> None:
    framed = cv2.resize(film, (SIDE, SIDE))
    framed[:4], framed[-4:] = 1.0, 1.0
    assert not marks_of(framed).any()


def test_a_film_of_one_grey_has_no_mark_and_finite_features() -> None:
    flat = np.full((SIDE, SIDE), 0.5, dtype=np.float32)
    assert not marks_of(flat).any()
    assert np.isfinite(features_of(flat)).all()


def test_the_rectangle_surrounds_the_mask_at_any_scale() -> None:
    mask = np.zeros((100, 150), dtype=np.uint8)
    mask[20:80, 30:120] = 1
    box = rectangle_of(mask, (200, 300))
    assert box == rectangle_of(cv2.resize(mask, (300, 200)), (200, 300))
    assert (box.top, box.left) == (int(0.2 * 128 - 0.02 * 76.8), int(0.2 * 128 - 0.02 * 76.8))
    assert covered(mask, box) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    ("shape", "value", "told"),
    [((100, 100), 1, "100 x 100 pixels beside a film of 200 x 300"),
     ((200, 300), 0, "is empty"), ((200, 300), 2, "is full")],
)  # fmt: skip
def test_masks_that_cannot_be_are_told(shape: tuple, value: int, told: str) -> None:
    mask = np.zeros(shape, dtype=np.uint8)
    mask[20:30, 20:30] = value
    if value == 2:
        mask[:] = 1
    with pytest.raises(PixelError, match=told):
        rectangle_of(mask, (200, 300))


def test_half_a_lung_in_the_box_is_covered_by_half() -> None:
    mask = np.zeros((SIDE, SIDE), dtype=np.uint8)
    mask[40:60, 40:80] = 255
    assert covered(mask, Box(0, SIDE, 0, 60)) == pytest.approx(0.5)


def test_features_tell_an_edge_by_its_direction() -> None:
    upright = np.zeros((SIDE, SIDE), dtype=np.float32)
    upright[:, 66:] = 1.0
    one, other = features_of(upright), features_of(np.ascontiguousarray(upright.T))
    assert one.shape == (COUNT,)
    directions = slice(24 * 24, 24 * 24 + 64 * 9)
    by_direction = [v[directions].reshape(64, 9).sum(axis=0) for v in (one, other)]
    assert [int(v.argmax()) for v in by_direction] == [0, 4]


def test_features_count_greys_by_tile() -> None:
    half = np.zeros((SIDE, SIDE), dtype=np.float32)
    half[:32, :16] = 0.99
    greys = features_of(half)[-128:].reshape(16, 8)
    assert greys[0].tolist() == [0.5, 0, 0, 0, 0, 0, 0, 0.5]
    assert greys[1:, 0].tolist() == [1.0] * 15
