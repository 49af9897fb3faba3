"""The same units leave by Torch-Pruning's graph and by ours."""

from __future__ import annotations

import copy
from importlib.metadata import version
from statistics import median
from typing import TYPE_CHECKING

import pytest
import torch
import torch_pruning
from benchmarks.conftest import timed
from benchmarks.trunks import trunk

from leanlung.networks import BACKBONES
from leanlung.pruning import (
    L1,
    ChannelGraph,
    LowestShare,
    OneShot,
    Removal,
    channel_graph,
    remove,
    score_filters,
)

if TYPE_CHECKING:
    from torch import Tensor, nn

AIMS = {"densenet121": 5.0, "densenet201": 50.0}
NEVER_SLOWER = 1.0
ROUNDS = {"densenet201": 1, "densenet121": 3, "inception_resnet_v2": 3}
SHARES = (0.02, 0.5)
LEFT_ALONE = {"shahabade2025": ("head.branches.*",)}
"""Branches that Torch-Pruning would leave without a map when each is to keep one of three."""


def graph_of_theirs(network: nn.Module, image: Tensor) -> torch_pruning.DependencyGraph:
    """Build it as it wants to be: without a gradient of the image frozen layers break it."""
    example = image.clone().requires_grad_(True)
    return torch_pruning.DependencyGraph().build_dependency(network, example)


def remove_theirs(
    theirs: torch_pruning.DependencyGraph,
    network: nn.Module,
    graph: ChannelGraph,
    gone: Removal,
) -> None:
    """Remove units in place, each layer's group in turn."""
    layers = dict(network.named_modules())
    for name, places in gone.units.items():
        writer = layers[graph.layer(name).writers[0]]
        prune = theirs.get_pruner_of_module(writer).prune_out_channels
        theirs.get_pruning_group(writer, prune, list(places)).prune()


def parameters(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach() for name, tensor in network.named_parameters()}


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("name", list(BACKBONES))
def test_a_removal_step_beside_torch_pruning(name: str, share: float) -> None:
    """Both are given their graph and the same units; both leave the network before behind.

    Torch-Pruning cuts in place, so a deep copy of the network before belongs to its step, as
    ours copies what it does not cut. Without that copy its time is told as well.
    """
    network, image = trunk(name, 224 if name in {"nasnet_mobile", "hu2020"} else 96)
    graph = channel_graph(network, image)
    scores = score_filters(network, graph, [L1()])["l1"]
    cut = LowestShare("layer", OneShot(share), leave_alone=LEFT_ALONE.get(name, ()))
    gone = cut(scores, 1, graph.originals)
    rounds = ROUNDS.get(name, 5)
    found: list[tuple[float, ...]] = []
    for _ in range(rounds + (rounds > 1)):  # the first warms up, where there is time for that
        spare = copy.deepcopy(network)
        theirs = graph_of_theirs(spare, image)
        copying = timed(lambda spare=spare: copy.deepcopy(spare))
        pruning = timed(lambda g=theirs, n=spare: remove_theirs(g, n, graph, gone))
        ours = timed(lambda: remove(network, graph, gone))
        found.append((ours, copying + pruning, pruning))
    mine, others = parameters(remove(network, graph, gone).network), parameters(spare)
    assert all(torch.equal(mine[one], tensor) for one, tensor in others.items())
    found = found[-rounds:]
    ours, copied, pruned = (median(times) for times in zip(*found, strict=True))
    ratio = median(one[1] / one[0] for one in found)
    in_place = median(one[2] / one[0] for one in found)
    reading = median(timed(lambda: channel_graph(network, image)) for _ in range(3))
    building = median(timed(lambda: graph_of_theirs(network, image)) for _ in range(3))
    print(
        f"{name:<20} {share:4.0%} of every layer: leanlung {ours * 1e3:.1f} ms, Torch-Pruning "
        f"{version('torch-pruning')} {copied * 1e3:.1f} ms, {ratio:.1f} times as long; without "
        f"the copy {pruned * 1e3:.1f} ms, {in_place:.1f}; graphs {reading * 1e3:.0f} and "
        f"{building * 1e3:.0f} ms; with them {(copied + building) / (ours + reading):.1f}"
        + (f"; aim {AIMS[name]:g}" if name in AIMS else "")
    )
    assert ratio >= NEVER_SLOWER
