"""Heads: from feature maps to logits."""

import pytest
import torch
from torch import nn

from leanlung.networks import NetworkSpec, build, count_trainable
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


def test_the_separable_head_of_the_text_counts_as_its_formula() -> None:
    """Rajaraman et al. 2020: 5 x 5 for each of 512 maps, 512 to 1,024, then two classes."""
    separable = 25 * 512 + (512 * 1_024 + 1_024)
    assert 14_714_688 + separable + (1_024 * 2 + 2) == 15_254_850
    assert count_trainable(NetworkSpec("vgg16", 2, head="radiograph_separable")) == 15_254_850


@pytest.mark.parametrize("size", [32, 64, 224])
def test_the_separable_head_strides_and_takes_trunks_that_leave_one_place(size: int) -> None:
    with torch.device("meta"):
        network = build(NetworkSpec("vgg16", 2, head="radiograph_separable", size=size))
        maps = network.head[:4](network.trunk(torch.zeros(1, 3, size, size)))
    places = size // 32
    assert maps.shape[1:] == (1_024, (places + 1) // 2, (places + 1) // 2)


def test_the_narrow_vgg_is_vgg16_at_a_quarter_of_its_widths() -> None:
    def convolutions(name: str) -> list[tuple[int, int]]:
        with torch.device("meta"):
            trunk = build(NetworkSpec(name, 2)).trunk
        found = [m for m in trunk.modules() if isinstance(m, nn.Conv2d)]
        return [(m.in_channels, m.out_channels) for m in found]

    whole, narrow = convolutions("vgg16"), convolutions("vgg16_quarter")
    assert narrow[0] == (3, 16)
    assert narrow[1:] == [(ins // 4, outs // 4) for ins, outs in whole[1:]]


def test_a_signal_gets_through_the_narrow_vgg() -> None:
    torch.manual_seed(0)
    trunk = build(NetworkSpec("vgg16_quarter", 2, size=64)).trunk
    maps = trunk(torch.randn(4, 3, 64, 64)).detach()
    assert maps.shape == (4, 128, 2, 2)
    assert 0.1 < float(maps.std()) < 10.0
