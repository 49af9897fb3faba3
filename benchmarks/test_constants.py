"""Finding units that never vary costs little more than one plain pass."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from leanlung.networks import NetworkSpec, build
from leanlung.pruning import channel_graph
from leanlung.pruning.exact import read_constants

MOST = 1.25
LEAST_FASTER = 5.0
NETWORKS = {
    "vgg16": NetworkSpec("vgg16", 3, head="fully_connected", size=112),
    "mobilenet_v2": NetworkSpec("mobilenet_v2", 3, size=112),
    "densenet121": NetworkSpec("densenet121", 3, size=112),
}


@pytest.fixture(params=[1, 2])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", NETWORKS)
def test_all_layers_beside_a_plain_pass(name, threads, in_turn) -> None:
    torch.manual_seed(0)
    network = build(NETWORKS[name]).eval()
    batches = [torch.randn(16, 3, 112, 112) for _ in range(4)]
    graph = channel_graph(network, batches[0][:1])

    def plain() -> None:
        with torch.no_grad():
            for batch in batches:
                network(batch)

    found = in_turn(plain, lambda: read_constants(network, graph, batches), 5)
    print(
        f"{name}, 112 px, 64 images, {threads} threads: plain pass {found.first:.3f} s, "
        f"constants of all {len(graph.layers)} layers {found.second:.3f} s, "
        f"ratio {found.ratio:.3f}"
    )
    assert found.ratio <= MOST


def layer_by_layer(network, batches) -> dict[int, np.ndarray]:
    """Do as García-Ramírez et al. 2023 do: a pass for each layer, a loop over its channels.

    For every layer the network is cut off behind it and run over all images, in chunks; the
    variance of each channel over images and places is taken chunk by chunk and averaged.
    """
    stages = [module for module in network.modules() if not list(module.children())]
    found = {}
    for last, stage in enumerate(stages):
        if not isinstance(stage, nn.ReLU):
            continue
        chunks = []
        for batch in batches:
            maps = batch
            with torch.no_grad():
                for before in stages[: last + 1]:
                    flat = isinstance(before, nn.Linear) and maps.ndim > 2
                    maps = before(maps.flatten(1) if flat else maps)
            values = maps.numpy()
            channels = range(values.shape[1])
            chunks.append([np.var(values[:, channel]) for channel in channels])
        found[last] = np.mean(chunks, axis=0)
    return found


def test_one_pass_beside_a_pass_for_every_layer(in_turn) -> None:
    torch.manual_seed(0)
    network = build(NetworkSpec("vgg16", 3, head="fully_connected", size=64)).eval()
    # They have 200 chunks of some images each; the ratio is that of 20.
    chunks = [torch.randn(1, 3, 64, 64) for _ in range(20)]
    graph = channel_graph(network, chunks[0])
    together = [torch.cat(chunks[:10]), torch.cat(chunks[10:])]
    theirs = layer_by_layer(network, chunks)
    assert len(theirs) == len(graph.layers)
    found = in_turn(
        lambda: read_constants(network, graph, together),
        lambda: layer_by_layer(network, chunks),
        3,
    )
    print(
        f"VGG-16, 64 px, 20 images: all layers in one pass {found.first:.3f} s, a pass for "
        f"each of {len(theirs)} layers and a loop over channels {found.second:.3f} s, "
        f"{found.ratio:.1f} times"
    )
    assert found.ratio >= LEAST_FASTER


PEAK = """
import resource, sys, torch
from leanlung.networks import NetworkSpec, build
from leanlung.pruning import channel_graph
from leanlung.pruning.exact import read_constants
network = build(NetworkSpec("vgg16", 3, head="radiograph", size=64)).eval()
graph = channel_graph(network, torch.zeros(1, 3, 64, 64))
batches = (torch.randn(16, 3, 64, 64) for _ in range(int(sys.argv[1])))
read_constants(network, graph, batches)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_number_of_images() -> None:
    few, many = (
        int(
            subprocess.run(
                [sys.executable, "-c", PEAK, n], capture_output=True, text=True, check=True
            ).stdout
        )
        for n in ("4", "32")
    )
    print(
        f"peak memory of the process: 64 images {few / 1024:.0f} MiB, 512 images "
        f"{many / 1024:.0f} MiB, ratio {many / few:.3f}"
    )
    assert many / few < 1.05
