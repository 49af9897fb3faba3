"""Architectures people use, one after the other: what the page says of each is proven.

docs/architectures.md tells for every network how large an example is and what share of its
channels can leave; here each is pruned at random and held against the oracle.
"""

import copy
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import timm
import torch
from torch import nn
from torchvision import models

from leanlung.networks import NetworkSpec, build, resize, widths_of
from leanlung.networks.widths import Convolution, Normalisation
from leanlung.pruning import ChannelGraph, Surgery, channel_graph

PAGE = Path(__file__).parents[2] / "docs" / "architectures.md"
ROW = re.compile(r"^\| `(\w+)/(\w+)` \| (\d+) \| (\d+) % \|", re.MULTILINE)
ROWS = [
    (library, name, int(size), int(share))
    for library, name, size, share in ROW.findall(PAGE.read_text(encoding="utf-8"))
]
CLASSES = 3
FURTHER = {
    "googlenet": {"aux_logits": False, "init_weights": False},
    "inception_v3": {"aux_logits": False, "init_weights": False},
}


def make(library: str, name: str, size: int) -> nn.Module:
    """Build a network with statistics as training leaves them, in float64."""
    torch.manual_seed(0)
    if library == "leanlung":
        network: nn.Module = build(NetworkSpec(name, CLASSES, size=size))
    elif library == "torchvision":
        network = models.get_model(name, num_classes=CLASSES, **FURTHER.get(name, {}))
    else:
        network = timm.create_model(name, num_classes=CLASSES)
    network.double()
    for module in network.modules():
        if isinstance(module, Normalisation):
            module.momentum = 1.0
        if not isinstance(module, Convolution | nn.Linear):
            for parameter in module.parameters(recurse=False):  # some begin at zero
                nn.init.uniform_(parameter, 0.5, 1.5)
    with torch.no_grad():
        network.train()(torch.randn(4, 3, size, size, dtype=torch.float64))
    return network.eval()


def share_that_can_leave(network: nn.Module, graph: ChannelGraph) -> float:
    """Of the channels that convolutions and linear layers write, but for the logits."""
    free = {unit for layer in graph.layers if len(layer) > 1 for unit in layer.units.tolist()}
    able = written = 0
    for name, module in network.named_modules():
        if isinstance(module, Convolution | nn.Linear):
            written += len(module.weight)
            if name in graph.channels:
                able += sum(unit in free for unit in graph.channels[name].outputs.tolist())
    return able / (written - CLASSES)


@pytest.mark.parametrize(
    ("library", "name", "size", "share"), ROWS, ids=[f"{row[0]}/{row[1]}" for row in ROWS]
)
def test_what_leaves_is_not_missed(
    library: str, name: str, size: int, share: int, prove: Callable[..., Surgery]
) -> None:
    network = make(library, name, size)
    images = torch.randn(2, 3, size, size, dtype=torch.float64)
    graph = channel_graph(network, images[:1])
    assert int(100 * share_that_can_leave(network, graph)) >= share
    smaller = prove(network, images, graph).network
    again = copy.deepcopy(network)
    resize(again, widths_of(smaller, like=network))
    again.load_state_dict(smaller.state_dict())
    with torch.no_grad():
        assert torch.equal(again(images), smaller(images))


def test_there_are_forty_architectures_at_least() -> None:
    assert len(set(ROWS)) == len(ROWS) >= 40
