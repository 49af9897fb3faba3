"""Every trunk by its name, pruned to half its units, answers alike from its bundle."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from leanlung.exports import Bundle, load_bundle, save_bundle
from leanlung.networks import BACKBONES, NetworkSpec, build, widths_of
from leanlung.pixels import PixelSpec, PixelStatistics
from leanlung.pruning import Removal, channel_graph, remove

OTHERS = ["torchvision/resnet18", "torchvision/shufflenet_v2_x0_5", "timm/efficientnet_b0"]
SIZE = 96


@pytest.mark.parametrize("name", [*BACKBONES, *OTHERS])
def test_logits_are_the_same_bit_for_bit(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    whole = name in BACKBONES and BACKBONES[name].head is not None
    spec = NetworkSpec(name, 3, head="own" if whole else "linear", size=SIZE)
    network = build(spec).eval()
    images = torch.randn(2, 3, SIZE, SIZE)
    graph = channel_graph(network, images[:1])
    half = {layer.name: tuple(range(len(layer) // 2)) for layer in graph.layers}
    smaller = remove(network, graph, Removal(half)).network
    with torch.no_grad():
        expected = smaller(images)
    assert expected.isfinite().all()
    assert len(set(expected.flatten().tolist())) > 1  # the images went through
    spec = replace(spec, widths=widths_of(smaller, like=network))
    del network
    save_bundle(
        tmp_path / "bundle",
        Bundle(
            name="half",
            network=smaller,
            spec=spec,
            classes=("normal", "bacterial", "covid"),
            pixels=PixelSpec(size=SIZE),
            statistics=PixelStatistics(mean=0.45, deviation=0.2),
        ),
    )
    back = load_bundle(tmp_path / "bundle")
    assert back.spec == spec
    with torch.no_grad():
        assert torch.equal(back.network(images), expected)
