"""Heads: from feature maps to logits."""

import pytest
import torch
from torch import nn

from leanlung.networks import NetworkSpec, build
from leanlung.networks.classifier import head_of


def test_fully_connected_reads_seven_by_seven_places_of_224_pixels() -> None:
    with torch.device("meta"):
        network = build(NetworkSpec("vgg16", 3, head="fully_connected"))
        maps = network.trunk(torch.zeros(1, 3, 224, 224))
    assert maps.shape == (1, 512, 7, 7)
    layers = [m for m in network.head.modules() if isinstance(m, nn.Linear)]
    widths = [(layer.in_features, layer.out_features) for layer in layers]
    assert widths == [(25_088, 4_096), (4_096, 4_096), (4_096, 3)]


@pytest.mark.parametrize("size", [64, 224, 256])
def test_fully_connected_takes_other_sizes_by_pooling(size: int) -> None:
    with torch.device("meta"):
        network = build(NetworkSpec("vgg19", 2, head="fully_connected", size=size))
        assert network(torch.zeros(2, 3, size, size)).shape == (2, 2)


def test_at_seven_by_seven_pooling_changes_nothing() -> None:
    head = head_of("fully_connected", maps=2, classes=3, dropout=0.5).eval()
    maps = torch.randn(1, 2, 7, 7, generator=torch.Generator().manual_seed(0))
    hidden = torch.relu(head.fc1(maps.flatten(1)))
    expected = head.output(torch.relu(head.fc2(hidden)))
    torch.testing.assert_close(head(maps), expected)
