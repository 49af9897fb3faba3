"""A small problem that can be learnt: is the upper or the lower half brighter?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from leanlung.pixels import ImageSet, PixelStatistics

STATISTICS = PixelStatistics(mean=0.5, deviation=0.25)


def halves(count: int, seed: int = 0) -> ImageSet:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, count)
    images = generator.integers(0, 100, (count, 8, 8))
    for image, label in zip(images, labels, strict=True):
        image[4 * label : 4 * label + 4] += 80
    return ImageSet(
        torch.from_numpy(images.astype(np.uint8)), torch.arange(count), torch.from_numpy(labels)
    )


@pytest.fixture
def images() -> ImageSet:
    return halves(40)


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(16, 2),
    )
