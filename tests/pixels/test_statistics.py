"""Images are standardised by the mean and deviation of the training part's pixels alone."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from leanlung.foundations.errors import PixelError
from leanlung.pixels import (
    ImageSet,
    PixelSpec,
    PixelStatistics,
    pixel_statistics,
    standardise,
    unit_range,
)

TRAINING = PixelSpec(size=16)
SYMMETRIC = PixelSpec(size=16, standardise="symmetric")


def image_set(images: np.ndarray, rows: list[int] | None = None) -> ImageSet:
    chosen = torch.arange(len(images)) if rows is None else torch.tensor(rows)
    return ImageSet(torch.from_numpy(images), chosen, torch.zeros(len(chosen)))


def noise(count: int, size: int = 16) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, size, size), dtype=np.uint8)


@pytest.mark.parametrize("count", [1, 7, 600])
def test_they_are_numpys_over_all_pixels(count):
    images = noise(count, 8)
    found = pixel_statistics(image_set(images), TRAINING)
    assert found.mean == pytest.approx((images / 255).mean(), abs=1e-12)
    assert found.deviation == pytest.approx((images / 255).std(), abs=1e-12)


def test_a_black_and_a_white_image_have_their_mean_between_them():
    images = np.stack([np.zeros((4, 4), np.uint8), np.full((4, 4), 255, np.uint8)])
    assert pixel_statistics(image_set(images), TRAINING) == PixelStatistics(0.5, 0.5)


def test_images_that_are_not_in_the_set_are_not_looked_at():
    images = noise(6)
    images[::2] = 255
    found = pixel_statistics(image_set(images, rows=[1, 3, 5]), TRAINING)
    assert found.mean == pytest.approx((images[1::2] / 255).mean(), abs=1e-12)


def test_standardised_training_images_have_mean_zero_and_deviation_one():
    training = image_set(noise(5))
    values = standardise(
        unit_range(training.take(range(5))), pixel_statistics(training, TRAINING), 1
    )
    assert float(values.mean()) == pytest.approx(0.0, abs=1e-5)
    assert float(values.std(correction=0)) == pytest.approx(1.0, abs=1e-5)


def test_symmetric_maps_black_and_white_to_minus_one_and_one_whatever_the_images():
    found = pixel_statistics(image_set(np.zeros((1, 4, 4), np.uint8)), SYMMETRIC)
    values = standardise(torch.tensor([0.0, 0.25, 1.0]).view(1, 1, 1, 3), found, 1)
    assert values.flatten().tolist() == [-1.0, -0.5, 1.0]


def test_the_grey_plane_is_repeated_for_every_channel():
    images = torch.rand(2, 1, 3, 3, generator=torch.Generator().manual_seed(0))
    values = standardise(images, PixelStatistics(0.25, 0.5), 3)
    assert values.shape == (2, 3, 3, 3)
    for channel in range(3):
        torch.testing.assert_close(values[:, channel], (images[:, 0] - 0.25) / 0.5)


@pytest.mark.parametrize("value", [0, 77, 255])
def test_images_that_are_all_alike_are_refused(value):
    with pytest.raises(PixelError) as caught:
        pixel_statistics(image_set(np.full((3, 4, 4), value, np.uint8)), TRAINING)
    assert str(caught.value) == (
        "all pixels of the 3 training images are alike; nothing to learn"
    )


def test_no_image_at_all_is_refused():
    with pytest.raises(PixelError, match="there are no training images; nothing to learn from"):
        pixel_statistics(image_set(noise(3), rows=[]), TRAINING)


def test_they_are_kept_as_json():
    found = PixelStatistics(0.1 + 0.2, 1 / 3)
    assert PixelStatistics(**json.loads(json.dumps(found.as_dict()))) == found
