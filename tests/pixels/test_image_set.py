"""An image set gives its own images, whoever else shares the cache and wherever it lies."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from leanlung.pixels import ImageSet, unit_range

DEVICES = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


@pytest.fixture
def images() -> torch.Tensor:
    """Six images; every pixel of an image is its number."""
    return torch.arange(6, dtype=torch.uint8).view(6, 1, 1).repeat(1, 4, 4)


@pytest.fixture
def some(images: torch.Tensor) -> ImageSet:
    return ImageSet(images, torch.tensor([5, 0, 3]), torch.tensor([1, 0, 1]))


def numbers(batch: torch.Tensor) -> list[int]:
    assert batch.shape[1:] == (1, 4, 4)
    assert batch.dtype == torch.uint8
    return batch[:, 0, 0, 0].tolist()


def test_it_is_as_long_as_it_has_rows(some):
    assert len(some) == 3


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([0, 1, 2], [5, 0, 3]),
        ([2, 2, 0], [3, 3, 5]),
        (range(1, 3), [0, 3]),
        (np.array([2, 1]), [3, 0]),
        (torch.tensor([1, 2]), [0, 3]),
        (iter([1]), [0]),
        ([], []),
        (range(0), []),
    ],
)
def test_images_are_taken_by_their_place_in_the_set(some, places, expected):
    assert numbers(some.take(places)) == expected


def test_a_place_beyond_the_set_is_an_error_and_not_another_parts_image(some):
    with pytest.raises(IndexError):
        some.take([3])


def test_what_was_taken_can_be_changed_without_changing_the_set(some):
    some.take([0, 1]).fill_(99)
    assert numbers(some.take([0, 1])) == [5, 0]


def test_it_stays_where_it_is_if_it_is_there_already(some):
    assert some.resident(torch.device("cpu")) is some


def test_on_another_device_it_keeps_its_own_images_alone(some):
    there = some.resident(torch.device("meta"))  # holds shapes and no data
    assert there.images.device.type == "meta"
    assert there.images.shape == (3, 4, 4)
    assert there.rows.tolist() == [0, 1, 2]
    assert there.take([2, 0]).shape == (2, 1, 4, 4)
    torch.testing.assert_close(there.labels, some.labels)


@pytest.mark.parametrize("device", DEVICES)
def test_the_same_places_give_the_same_images_on_every_device(some, device):
    there = some.resident(torch.device(device))
    assert numbers(there.take([2, 0])) == numbers(some.take([2, 0])) == [3, 5]
    assert there.resident(there.images.device) is there


def test_bytes_become_shares_of_white():
    batch = torch.tensor([0, 51, 255], dtype=torch.uint8)
    assert unit_range(batch).dtype == torch.float32
    torch.testing.assert_close(unit_range(batch), torch.tensor([0.0, 0.2, 1.0]))
