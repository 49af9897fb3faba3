"""A bundle of a pruned network, made without training anything."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from leanlung.exports import Bundle
from leanlung.networks import NetworkSpec, Width, build
from leanlung.pixels import PixelSpec, PixelStatistics

SPEC = NetworkSpec(
    "separable_cnn",
    classes=3,
    size=32,
    widths={
        "trunk.9": Width(128, 20, 1),
        "trunk.10": Width(20, 20, 1),
        "head.3": Width(20, 3, 1),
    },
)


@pytest.fixture
def bundle() -> Bundle:
    torch.manual_seed(0)
    network = build(SPEC)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.3)
    return Bundle(
        name="small",
        network=network.eval(),
        spec=SPEC,
        classes=("normal", "bacterial", "covid"),
        pixels=PixelSpec(size=32, median=True),
        statistics=PixelStatistics(mean=0.45, deviation=0.2),
        history=({"step": "prune", "about": "round 3"},),
    )
