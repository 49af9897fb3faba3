"""LIME finds the superpixels that a network answers by."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from leanlung.attention import lime_maps
from leanlung.foundations.errors import NetworkError, UsageError


class Corner(nn.Module):
    """Its first logit is how unlike the pixels of the upper left quarter are."""

    def forward(self, images: Tensor) -> Tensor:
        corner = images[:, :, :24, :24].flatten(1).std(dim=1)
        return torch.stack([4.0 * corner, torch.zeros_like(corner)], dim=1)


@pytest.fixture
def images() -> Tensor:
    return torch.rand(1, 1, 48, 48, generator=torch.Generator().manual_seed(0))


def test_what_the_answer_hangs_on_is_marked(images: Tensor) -> None:
    found = lime_maps(Corner(), images, [0], samples=120)
    assert found.values.shape == (1, 48, 48)
    assert found.values.max() == 1.0
    inside, outside = found.values[0, :30, :30].sum(), found.values[0, 30:, 30:].sum()
    assert inside > 5 * outside


def test_the_same_seed_gives_the_same_map_in_any_batch(images: Tensor) -> None:
    two = torch.cat([images, images.flip(3)])
    one = lime_maps(Corner(), images, [0], samples=60, seed=3)
    both = lime_maps(Corner(), two, [0, 0], samples=60, seed=3)
    assert np.array_equal(one.values[0], both.values[0])
    assert not np.array_equal(
        one.values, lime_maps(Corner(), images, [0], samples=60, seed=4).values
    )


def test_other_channels_and_few_samples_are_refused(images: Tensor) -> None:
    with pytest.raises(NetworkError, match="images of 2 channels"):
        lime_maps(Corner(), images.expand(1, 2, 48, 48), [0])
    with pytest.raises(UsageError, match="10 samples"):
        lime_maps(Corner(), images, [0], samples=10)


def test_without_the_library_it_says_what_to_install(
    images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lime.lime_image", None)
    with pytest.raises(UsageError, match=r"pip install leanlung\[explain\]"):
        lime_maps(Corner(), images, [0])
