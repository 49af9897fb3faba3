"""The box of a lung mask, in pixels of the image; resizing that neither aliases nor shifts."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanlung.foundations.errors import PixelError
from leanlung.pixels.crop import Box, lung_box, resize


def mask_of(shape: tuple[int, int], top: int, bottom: int, left: int, right: int) -> np.ndarray:
    mask = np.zeros(shape, np.float32)
    mask[top:bottom, left:right] = 1.0
    return mask


def ramp(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).random((height, width), dtype=np.float32)


def test_without_a_margin_it_is_the_smallest_box_around_what_is_above_zero():
    mask = mask_of((10, 12), 2, 6, 3, 9)
    mask[7, 5] = 0.004  # faint, and lung nonetheless
    assert lung_box(mask, (10, 12), 0.0) == Box(2, 8, 3, 9)


def test_two_lungs_share_a_box():
    mask = mask_of((10, 12), 2, 6, 1, 4) + mask_of((10, 12), 3, 8, 7, 11)
    assert lung_box(mask, (10, 12), 0.0) == Box(2, 8, 1, 11)


def test_the_margin_is_a_share_of_the_longer_side_on_each_side():
    # 40 high and 20 wide: a quarter of 40 is 10.
    mask = mask_of((100, 100), 30, 70, 40, 60)
    assert lung_box(mask, (100, 100), 0.25) == Box(20, 80, 30, 70)


def test_a_broken_margin_takes_the_whole_pixel():
    # An eighth of 20 is 2.5: from 27.5 to 52.5.
    mask = mask_of((100, 100), 30, 50, 40, 50)
    assert lung_box(mask, (100, 100), 0.125) == Box(27, 53, 37, 53)


def test_the_margin_is_clipped_at_the_border():
    mask = mask_of((100, 80), 5, 95, 0, 78)
    assert lung_box(mask, (100, 80), 0.5) == Box(0, 100, 0, 80)


def test_a_mask_of_another_size_is_scaled_to_the_image_on_either_axis():
    # Rows times 10, columns times 4.
    mask = mask_of((10, 20), 2, 6, 5, 15)
    assert lung_box(mask, (100, 80), 0.0) == Box(20, 60, 20, 60)
    # Rows by 4, columns by 2: what a mask's pixel touches belongs to the box.
    assert lung_box(mask_of((40, 40), 5, 30, 3, 8), (10, 20), 0.0) == Box(1, 8, 1, 4)


def test_a_full_mask_is_the_whole_image():
    assert lung_box(np.ones((7, 13)), (100, 90), 0.05) == Box(0, 100, 0, 90)


def test_a_border_that_falls_between_two_pixels_adds_none():
    # 25 of 100 rows are 222 of 888, though 25 times 8.88 is a little more in floating point.
    assert lung_box(mask_of((100, 100), 0, 25, 0, 75), (888, 888), 0.0) == Box(0, 222, 0, 666)


@given(st.data())
def test_it_is_what_exact_arithmetic_says(data):
    height, width = data.draw(st.tuples(st.integers(1, 60), st.integers(1, 60)))
    shape = data.draw(st.tuples(st.integers(2, 400), st.integers(2, 400)))
    top = data.draw(st.integers(0, height - 1))
    left = data.draw(st.integers(0, width - 1))
    bottom = data.draw(st.integers(top + 1, height))
    right = data.draw(st.integers(left + 1, width))
    box = lung_box(mask_of((height, width), top, bottom, left, right), shape, 0.0)
    assert box == Box(
        floor(Fraction(top * shape[0], height)),
        ceil(Fraction(bottom * shape[0], height)),
        floor(Fraction(left * shape[1], width)),
        ceil(Fraction(right * shape[1], width)),
    )


@given(
    st.tuples(st.integers(1, 20), st.integers(1, 20)),
    st.tuples(st.integers(2, 200), st.integers(2, 200)),
    st.floats(0.0, 1.0),
    st.integers(0, 10**6),
)
def test_it_lies_in_the_image_and_has_pixels(mask_shape, shape, margin, seed):
    mask = np.zeros(mask_shape)
    mask.flat[seed % mask.size] = 1.0
    top, bottom, left, right = lung_box(mask, shape, margin)
    assert 0 <= top < bottom <= shape[0]
    assert 0 <= left < right <= shape[1]


@pytest.mark.parametrize("mask", [np.zeros((4, 4)), np.zeros((3, 9), bool)])
def test_an_empty_mask_is_refused(mask):
    with pytest.raises(PixelError) as caught:
        lung_box(mask, (10, 10), 0.05)
    assert str(caught.value) == (
        "the lung mask is empty; pixels above zero were expected where there is lung"
    )


@pytest.mark.parametrize(("height", "width"), [(64, 64), (128, 64), (64, 192)])
def test_shrinking_averages_areas(height, width):
    image = ramp(height, width)
    blocks = image.reshape(32, height // 32, 32, width // 32).mean(axis=(1, 3))
    np.testing.assert_allclose(resize(image, 32), blocks, atol=1e-6)


def shares_covered(side: int, size: int) -> np.ndarray:
    """How much of each of ``size`` blocks each of ``side`` pixels covers."""
    starts = np.arange(size)[:, None] * side / size
    ends = np.minimum(starts + side / size, np.arange(side) + 1)
    return np.clip(ends - np.maximum(starts, np.arange(side)), 0, None) * size / side


@pytest.mark.parametrize(("height", "width"), [(50, 70), (33, 32), (100, 45)])
def test_shrinking_by_a_broken_factor_averages_areas_too(height, width):
    image = ramp(height, width)
    expected = shares_covered(height, 32) @ image @ shares_covered(width, 32).T
    np.testing.assert_allclose(resize(image, 32), expected, atol=2e-3)


def test_enlarging_is_bilinear():
    # Pixel centres of four lie at 1/4, 3/4, 5/4 and 7/4 of two: the outer ones at the border.
    image = np.array([[0.0, 1.0], [0.0, 1.0]], np.float32)
    np.testing.assert_allclose(resize(image, 4), [[0.0, 0.25, 0.75, 1.0]] * 4, atol=1e-6)


def test_a_long_narrow_image_is_averaged_on_one_axis_and_enlarged_on_the_other():
    image = ramp(16, 128)  # to 32 x 32: four columns become one, a row becomes two
    columns = image.reshape(16, 32, 4).mean(axis=2)
    places = np.clip((np.arange(32) + 0.5) / 2 - 0.5, 0, 15)
    expected = np.stack([np.interp(places, np.arange(16), one) for one in columns.T], axis=1)
    np.testing.assert_allclose(resize(image, 32), expected, atol=1e-6)
    np.testing.assert_allclose(resize(image.T.copy(), 32), expected.T, atol=1e-6)


def test_an_image_of_the_right_size_stays_as_it_is():
    image = ramp(32, 32)
    np.testing.assert_array_equal(resize(image, 32), image)


@pytest.mark.parametrize("shape", [(2, 2), (1, 300), (300, 20), (33, 31)])
def test_a_constant_image_stays_constant(shape):
    np.testing.assert_allclose(resize(np.full(shape, 0.3, np.float32), 32), 0.3, atol=1e-6)


def test_a_piece_of_a_larger_image_is_resized_without_its_surroundings():
    image = np.ones((100, 100), np.float32)
    image[10:74, 20:84] = 0.0
    assert resize(image[10:74, 20:84], 32).max() == 0.0
