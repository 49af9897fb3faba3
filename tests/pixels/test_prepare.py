"""An image is cropped, resized, cleaned and stored as bytes, in this order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from leanlung.foundations.errors import PixelError
from leanlung.pixels import PixelSpec, prepare

SMALL = PixelSpec(size=16)
LUNGS = PixelSpec(size=16, crop="lungs", margin=0.0)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def test_bytes_are_the_nearest_of_256():
    image = noise(16, 16)
    image[0, :3] = 0.0, 1.0, 0.5  # half of 255 is a tie, and goes to the even 128
    stored = prepare(image, SMALL)
    assert stored.dtype == np.uint8
    assert stored[0, :3].tolist() == [0, 255, 128]
    assert np.abs(stored / 255 - image).max() <= 0.5 / 255 + 1e-7


@pytest.mark.parametrize("bits", [8, 16])
def test_every_value_of_a_file_goes_to_its_byte(bits):
    white = 2**bits - 1
    values = np.linspace(0, white, 256).round().astype(np.uint16)
    stored = prepare((values / np.float32(white)).astype(np.float32).reshape(16, 16), SMALL)
    np.testing.assert_array_equal(stored.ravel(), np.arange(256))


def test_any_shape_becomes_a_square():
    image = noise(64, 32)
    blocks = image.reshape(16, 4, 16, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(prepare(image, SMALL), blocks * 255, atol=0.51)


def test_the_median_filter_is_that_of_scipy_with_the_border_repeated():
    image = noise(16, 16)
    expected = ndimage.median_filter(image, size=3, mode="nearest")
    stored = prepare(image, PixelSpec(size=16, median=True))
    np.testing.assert_array_equal(stored, np.rint(expected * 255))


def test_the_median_filter_comes_after_resizing():
    # A speck of one pixel is averaged away by 4 x 4 before; after, the median takes it out.
    image = np.zeros((64, 64), np.float32)
    image[20:24, 20:24] = 1.0
    assert prepare(image, SMALL).max() == 255
    assert prepare(image, PixelSpec(size=16, median=True)).max() == 0


def test_the_box_around_the_lungs_is_cut_out_before_resizing():
    image = np.ones((100, 100), np.float32)
    image[20:84, 10:74] = noise(64, 64) / 2
    mask = np.zeros((50, 50), np.float32)
    mask[10:42, 5:37] = 1.0
    expected = prepare(image[20:84, 10:74], SMALL)
    np.testing.assert_array_equal(prepare(image, LUNGS, mask), expected)


def test_the_margin_of_the_specification_is_kept_around_the_lungs():
    image = noise(100, 100)
    mask = np.zeros((100, 100), np.float32)
    mask[40:60, 40:60] = 1.0
    spec = PixelSpec(size=16, crop="lungs", margin=0.5)
    np.testing.assert_array_equal(
        prepare(image, spec, mask), prepare(image[30:70, 30:70], SMALL)
    )


def test_without_a_mask_the_whole_image_is_kept():
    image = noise(40, 40)
    np.testing.assert_array_equal(prepare(image, LUNGS), prepare(image, SMALL))


def test_a_mask_that_is_not_asked_for_changes_nothing():
    image, mask = noise(40, 40), np.zeros((40, 40))
    np.testing.assert_array_equal(prepare(image, SMALL, mask), prepare(image, SMALL))


def test_the_image_that_was_given_is_not_changed():
    image = noise(40, 40)
    before = image.copy()
    prepare(image, PixelSpec(size=16, median=True))
    np.testing.assert_array_equal(image, before)


def test_an_empty_mask_is_refused():
    with pytest.raises(PixelError, match="the lung mask is empty"):
        prepare(noise(40, 40), LUNGS, np.zeros((40, 40)))


@pytest.mark.parametrize("shape", [(), (40,), (40, 40, 3), (1, 40), (40, 1), (0, 0)])
def test_what_is_no_plane_is_refused_with_its_shape(shape):
    with pytest.raises(PixelError) as caught:
        prepare(np.zeros(shape, np.float32), SMALL)
    assert str(caught.value) == (
        f"an image of shape {shape} was given; (height, width) was expected, 2 x 2 at least"
    )


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1.5, "pixel values from 0 to 1.5 were found"),
        (-0.25, "pixel values from -0.25 to 0 were found"),
        (255.0, "pixel values from 0 to 255 were found"),
        (np.inf, "pixel values from 0 to inf were found"),
        (np.nan, "pixel values from nan to nan were found"),
    ],
)
def test_values_outside_black_and_white_are_refused(value, told):
    image = np.zeros((20, 20), np.float32)
    image[3, 4] = value
    with pytest.raises(PixelError) as caught:
        prepare(image, SMALL)
    assert str(caught.value) == f"{told}; [0, 1] was expected"


@pytest.mark.parametrize(("largest", "told"), [(4095, "0.062"), (1023, "0.016"), (0, "0.000")])
def test_a_picture_of_which_a_byte_would_keep_next_to_nothing_is_refused(largest, told):
    # What 12 bits look like that were saved as 16 without scaling them up.
    values = np.linspace(0, largest, 400, dtype=np.uint16).reshape(20, 20)
    with pytest.raises(PixelError) as caught:
        prepare(values / np.float32(65535), SMALL)
    assert str(caught.value) == (
        f"nearly black: the brightest pixel has {told} of white; at least 0.0625 was expected; "
        "if 12 bits were saved as 16, multiply the values by 16 and save again"
    )


def test_a_sixteenth_of_white_is_enough():
    image = noise(20, 20) / 16
    image[0, 0] = 1 / 16
    assert prepare(image, SMALL).any()


@given(
    st.tuples(st.integers(2, 50), st.integers(2, 50)),
    st.integers(0, 99),
    st.booleans(),
)
def test_nothing_gets_darker_or_brighter_than_it_was(shape, seed, median):
    image = np.random.default_rng(seed).uniform(0.2, 0.6, shape).astype(np.float32)
    stored = prepare(image, PixelSpec(size=16, median=median)) / 255
    assert image.min() - 0.002 <= stored.min()
    assert stored.max() <= image.max() + 0.002
