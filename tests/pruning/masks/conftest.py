"""The network that masks were published for, rebuilt from its printed counts."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import nn

from leanlung.networks import NetworkSpec, build

WIDTHS = (1, 64, 128, 256, 512, 512)


@pytest.fixture
def published() -> nn.Module:
    """3,928,458 parameters, 2,944 of BatchNorm's statistics, ten kernels of 3,923,008 weights.

    Source: Table 1 of the CT paper, whose five integers fix the layers but not which maps the
    branches read; only the layers are built here.
    """
    torch.manual_seed(0)
    layers = [
        layer
        for before, after in pairwise(WIDTHS)
        for layer in (nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after))
    ]
    branches = [nn.Conv2d(512, 3, 1) for _ in range(3)]
    return nn.Sequential(*layers, *branches, nn.Linear(9, 1024), nn.Linear(1024, 1)).eval()


@pytest.fixture
def ct_network() -> nn.Module:
    """The same with all its layers, as it is built by name."""
    torch.manual_seed(0)
    return build(NetworkSpec("shahabade2025", 2, size=32, channels=1, head="own")).eval()
