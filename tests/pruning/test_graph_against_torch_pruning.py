"""The units of real networks are the coupling classes that Torch-Pruning finds.

Torch-Pruning follows autograd where we follow torch.fx: another road to the same partition.
"""

import pytest
import timm
import torch
import torch_pruning as tp
from torch import nn
from torchvision import models

from leanlung.networks.widths import Convolution
from leanlung.pruning import channel_graph

OUT = {
    tp.prune_conv_out_channels,
    tp.prune_linear_out_channels,
    tp.prune_depthwise_conv_out_channels,
}

Trained = tuple[str, nn.Module, torch.Tensor]
Channel = tuple[str, int]


def our_units(network: nn.Module, example: torch.Tensor) -> set[frozenset[Channel]]:
    graph = channel_graph(network, example)
    free = {unit for layer in graph.layers for unit in layer.units.tolist()}
    units: dict[int, set[Channel]] = {unit: set() for unit in free}
    for name, channels in graph.channels.items():
        if isinstance(network.get_submodule(name), Convolution | nn.Linear):
            for place, unit in enumerate(channels.outputs.tolist()):
                if unit in free:
                    units[unit].add((name, place))
    return {frozenset(unit) for unit in units.values()}


def their_units(network: nn.Module, example: torch.Tensor) -> set[frozenset[Channel]]:
    names = {module: name for name, module in network.named_modules()}
    graph = tp.DependencyGraph().build_dependency(
        network, example_inputs=example.clone().requires_grad_()
    )
    last = [m for m in network.modules() if isinstance(m, nn.Linear)][-1]
    stands: dict[Channel, Channel] = {}

    def first(channel: Channel) -> Channel:
        while stands.setdefault(channel, channel) != channel:
            channel = stands[channel]
        return channel

    groups = graph.get_all_groups(
        ignored_layers=[last], root_module_types=[nn.Conv2d, nn.Linear]
    )
    for group in groups:
        root = names[group[0].dep.target.module]
        for item in group:
            if item.dep.handler in OUT:
                name = names[item.dep.target.module]
                for place, root_place in zip(item.idxs, item.root_idxs, strict=True):
                    stands[first((name, place))] = first((root, root_place))
    units: dict[Channel, set[Channel]] = {}
    for channel in list(stands):
        units.setdefault(first(channel), set()).add(channel)
    return {frozenset(unit) for unit in units.values()}


# Not ResNeXt: there Torch-Pruning leaves it to its caller to keep groups equally wide.
@pytest.mark.parametrize(
    "trained_like",
    ["vgg16", "mobilenet_v2", "densenet121", "inception_v3", "resnet50", "separable_cnn"],
    indirect=True,
)
def test_the_partition_is_the_same(trained_like: Trained) -> None:
    name, network, example = trained_like
    ours, theirs = our_units(network, example), their_units(network, example)
    if name == "separable_cnn":  # they offer to prune the depthwise convolution of the image
        theirs = {unit for unit in theirs if not any(layer == "trunk.0" for layer, _ in unit)}
    assert ours == theirs


# Theirs differ on ResNeSt, RegNet and GhostNet: they know neither that the parts of a view must
# shrink together, nor that groups stay equally wide; ours are proven in test_architectures.py.
@pytest.mark.parametrize(
    "name",
    [
        "efficientnet_b0",
        "mnasnet0_5",
        "mobilenet_v3_small",
        "squeezenet1_0",
        "timm/hrnet_w18_small",
        "timm/lcnet_050",
        "timm/legacy_xception",
        "timm/repvgg_a0",
        "timm/seresnet50",
        "timm/vovnet39a",
    ],
)
def test_the_partition_is_the_same_further_afield(name: str) -> None:
    if name.startswith("timm/"):
        network = timm.create_model(name.removeprefix("timm/"), num_classes=3).eval()
    else:
        network = models.get_model(name, num_classes=3).eval()
    if name.startswith("squeezenet"):  # a last linear layer is what their reading starts from
        network = nn.Sequential(network, nn.Linear(3, 3))
    example = torch.zeros(1, 3, 64, 64)
    assert our_units(network, example) == their_units(network, example)
