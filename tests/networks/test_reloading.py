"""Every backbone, pruned, is built again from its specification alone."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from leanlung.networks import (
    BACKBONES,
    NetworkSpec,
    build,
    restore,
    store,
    widths_of,
)
from leanlung.pruning.graph import channel_graph
from leanlung.pruning.removal import Removal
from leanlung.pruning.surgery import remove

OTHERS = ["torchvision/resnet18", "torchvision/shufflenet_v2_x0_5", "timm/efficientnet_b0"]


def spec_of(name: str, **fields: object) -> NetworkSpec:
    whole = name in BACKBONES and BACKBONES[name].head is not None
    return NetworkSpec(name, 3, head="own" if whole else "linear", size=96, **fields)


def pruned(spec: NetworkSpec) -> tuple[nn.Module, NetworkSpec]:
    """Remove a third of every layer's units."""
    network = build(spec)
    graph = channel_graph(network, torch.zeros(1, spec.channels, spec.size, spec.size))
    assert graph.layers
    removal = Removal({layer.name: tuple(range(len(layer) // 3)) for layer in graph.layers})
    smaller = remove(network, graph, removal).network
    return smaller, replace(spec, widths=widths_of(smaller, like=network))


@pytest.mark.parametrize("name", [*BACKBONES, *OTHERS])
def test_a_pruned_network_has_its_shapes_again(name: str) -> None:
    with torch.device("meta"):
        smaller, spec = pruned(spec_of(name))
        back = build(spec)
        images = torch.zeros(2, 3, 96, 96)
        assert back(images).shape == smaller(images).shape == (2, 3)
    shapes = {key: tensor.shape for key, tensor in smaller.state_dict().items()}
    assert {key: tensor.shape for key, tensor in back.state_dict().items()} == shapes


@pytest.mark.parametrize(
    "name", ["mobilenet", "nasnet_mobile", "hu2020", "timm/efficientnet_b0"]
)
def test_a_pruned_network_comes_back_bit_for_bit(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    smaller, spec = pruned(spec_of(name))
    store(tmp_path / "pruned.safetensors", smaller)
    back = restore(tmp_path / "pruned.safetensors", spec)
    images = torch.randn(1, 3, 96, 96)
    with torch.no_grad():
        assert torch.equal(back(images), smaller.eval()(images))


def test_constant_gammas_stay_constant_through_surgery_and_the_file(tmp_path: Path) -> None:
    spec = spec_of("inception_v3", conventions="keras")
    with torch.device("meta"):
        smaller, narrow = pruned(spec)
    own = {name for name, p in smaller.named_parameters() if not p.requires_grad}
    norms = {
        f"{name}.weight" for name, m in smaller.named_modules() if isinstance(m, nn.BatchNorm2d)
    }
    assert own == norms
    whole = build(narrow)
    store(tmp_path / "inception.safetensors", whole)
    back = restore(tmp_path / "inception.safetensors", narrow)
    assert {name for name, p in back.named_parameters() if not p.requires_grad} == norms
