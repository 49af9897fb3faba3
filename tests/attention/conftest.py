"""Networks small enough to work out by hand, and films with lesions in known places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor, nn

from leanlung.foundations.tables import read_table, write_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class TwoMaps(nn.Module):
    """A convolution that hands two planes on as they are, and one weight a place and class."""

    def __init__(self, weights: Tensor) -> None:  # (classes, 2, h, w)
        super().__init__()
        self.maps = nn.Conv2d(2, 2, kernel_size=1, bias=False)
        self.flat = nn.Flatten()
        self.head = nn.Linear(weights[0].numel(), len(weights), bias=False)
        with torch.no_grad():
            self.maps.weight.copy_(torch.eye(2)[:, :, None, None])
            self.head.weight.copy_(weights.flatten(1))

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.flat(self.maps(images)))
        return logits


def small_network(seed: int = 0, inplace: bool = True) -> nn.Sequential:
    """Two convolutions with normalisation, a pooling between them, and a linear head."""
    torch.manual_seed(seed)
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(inplace=inplace),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3, padding=1),
        nn.BatchNorm2d(6),
        nn.ReLU(inplace=inplace),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(24, 3),
    )
    for module in network:
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 2.0)
    return network.eval()


@pytest.fixture
def two_maps() -> type[TwoMaps]:
    return TwoMaps


@pytest.fixture
def making() -> Callable[..., nn.Sequential]:
    return small_network


@pytest.fixture
def network() -> nn.Sequential:
    return small_network()


@pytest.fixture
def images() -> Tensor:
    return torch.randn(5, 1, 12, 12, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def lesions(small_films: Path, tmp_path: Path) -> Path:
    """A box on the brighter half of every film of the first ten patients."""
    rows = []
    for row in read_table(small_films / "data" / "manifest.csv"):
        if row["patient_id"] < "p010":
            top = 0 if row["label"] == "upper" else 24
            path = small_films / "data" / row["image_path"]
            box = {"x": 4, "y": top, "w": 40, "h": 24, "roi_class": row["label"]}
            rows.append({"path": path, **box, "image_width": 48, "image_height": 48})
    write_table(tmp_path / "boxes.csv", list(rows[0]), rows)
    return tmp_path / "boxes.csv"
