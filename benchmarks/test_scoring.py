"""Scoring all layers costs little more than one plain pass, and no memory that grows."""

import subprocess
import sys

import pytest
import torch

from leanlung.networks import NetworkSpec, build
from leanlung.pruning import Apoz, MeanActivation, Variance, channel_graph, score_activations

MOST = 1.25
MOST_TOGETHER = 1.3


@pytest.mark.parametrize(
    ("criteria", "most"),
    [([Apoz()], MOST), ([Apoz(), MeanActivation(), Variance()], MOST_TOGETHER)],
    ids=["apoz", "all"],
)
def test_all_layers_of_vgg16_in_one_pass(criteria, most, in_turn) -> None:
    network = build(NetworkSpec("vgg16", 3, head="radiograph")).eval()
    images = torch.randn(8, 3, 224, 224)
    graph = channel_graph(network, images[:1])

    def plain() -> None:
        with torch.no_grad():
            network(images)

    found = in_turn(plain, lambda: score_activations(network, graph, [images], criteria), 7)
    names = ", ".join(one.name for one in criteria)
    print(
        f"VGG-16, 224 px, 8 images: plain pass {found.first:.3f} s, "
        f"{names} of all {len(graph.layers)} layers {found.second:.3f} s, "
        f"ratio {found.ratio:.3f}"
    )
    assert found.ratio <= most


PEAK = """
import resource, sys, torch
from leanlung.networks import NetworkSpec, build
from leanlung.pruning import Apoz, channel_graph, score_activations
network = build(NetworkSpec("vgg16", 3, head="radiograph", size=64)).eval()
graph = channel_graph(network, torch.zeros(1, 3, 64, 64))
batches = (torch.randn(16, 3, 64, 64) for _ in range(int(sys.argv[1])))
score_activations(network, graph, batches, [Apoz()])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_number_of_images() -> None:
    few, many = (
        int(
            subprocess.run(
                [sys.executable, "-c", PEAK, n], capture_output=True, text=True, check=True
            ).stdout
        )
        for n in ("4", "64")
    )
    print(f"peak memory of the process: 64 images {few / 1024:.0f} MiB, 1,024 images "
          f"{many / 1024:.0f} MiB, ratio {many / few:.3f}")  # fmt: skip
    assert many / few < 1.05
