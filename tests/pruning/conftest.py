"""Networks that pruning is tried on: small ones worked out by hand, and those people use."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn
from torchvision import models

from leanlung.networks import NetworkSpec, build
from leanlung.pruning import ChannelGraph, Removal, Surgery, channel_graph, remove

Prove = Callable[..., Surgery]

NETWORKS: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "vgg16": (lambda: build(NetworkSpec("vgg16", 3, head="radiograph", size=32)), 32),
    "mobilenet_v2": (lambda: build(NetworkSpec("mobilenet_v2", 3, size=64)), 64),
    "mobilenet_v2_keras": (
        lambda: build(NetworkSpec("mobilenet_v2", 3, size=64, conventions="keras")),
        64,
    ),
    "densenet121": (lambda: models.densenet121(num_classes=3), 64),
    "inception_v3": (
        lambda: models.inception_v3(num_classes=3, aux_logits=False, init_weights=False),
        96,
    ),
    "resnet50": (lambda: models.resnet50(num_classes=3), 64),
    "resnext50": (lambda: models.resnext50_32x4d(num_classes=3), 64),
    "separable_cnn": (lambda: build(NetworkSpec("separable_cnn", 3, size=32)), 32),
}


@pytest.fixture(params=list(NETWORKS))
def trained_like(request: pytest.FixtureRequest) -> tuple[str, nn.Module, torch.Tensor]:
    """A network with statistics as training leaves them, and an example, both in float64."""
    make, size = NETWORKS[request.param]
    torch.manual_seed(0)
    network = make().double().eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.3)
            nn.init.normal_(module.running_mean, std=0.3)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    return request.param, network, torch.randn(2, 3, size, size, dtype=torch.float64)


def random_removal(graph: ChannelGraph, seed: int) -> Removal:
    """Take 10 to 60 % of every layer."""
    generator = np.random.default_rng(seed)
    units = {}
    for layer in graph.layers:
        count = min(round(len(layer) * generator.uniform(0.1, 0.6)), len(layer) - 1)
        if count:
            places = generator.choice(len(layer), size=count, replace=False)
            units[layer.name] = tuple(sorted(places.tolist()))
    return Removal(units)


def unread(network: nn.Module, graph: ChannelGraph, removal: Removal) -> nn.Module:
    """The whole network, with the weights that read the removed units set to zero."""
    dead = np.zeros(graph.units, dtype=bool)
    for name, places in removal.units.items():
        dead[graph.layer(name).units[list(places)]] = True
    whole = copy.deepcopy(network)
    for name, channels in graph.channels.items():
        if channels.inputs is not None:
            gone = torch.from_numpy(np.flatnonzero(dead[channels.inputs]))
            with torch.no_grad():
                whole.get_parameter(f"{name}.weight")[:, gone] = 0.0
    return whole


@pytest.fixture
def prove() -> Prove:
    """Remove units at random, and compare with the oracle.

    The oracle is the whole network with everything that reads the removed units set to zero,
    in float64. That the removal mattered is checked too.
    """

    def prove(
        network: nn.Module,
        images: torch.Tensor,
        graph: ChannelGraph | None = None,
        seed: int = 1,
    ) -> Surgery:
        graph = graph or channel_graph(network, images[:1])
        removal = random_removal(graph, seed)
        surgery = remove(network, graph, removal)
        with torch.no_grad():
            expected = unread(network, graph, removal)(images)
            whole, found = network(images), surgery.network(images)
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)
        assert not torch.allclose(whole, expected, rtol=1e-6)
        return surgery

    return prove


class Residual(nn.Module):
    """stem → (branch) + stem → head; two convolutions that an addition ties."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 1)
        self.branch = nn.Conv2d(4, 4, 1)
        self.head = nn.Conv2d(4, 2, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        stem = torch.relu(self.stem(images))
        return self.head(torch.relu(self.branch(stem) + stem))


@pytest.fixture
def residual() -> nn.Module:
    torch.manual_seed(0)
    return Residual().eval()


@pytest.fixture
def three_units() -> nn.Module:
    """Unit 0 always fires, unit 1 where the pixel is positive, unit 2 never."""
    convolution = nn.Conv2d(1, 3, kernel_size=1)
    with torch.no_grad():
        convolution.weight.copy_(torch.tensor([0.0, 1.0, 0.0]).view(3, 1, 1, 1))
        convolution.bias.copy_(torch.tensor([1.0, 0.0, -1.0]))
    return nn.Sequential(convolution, nn.ReLU(), nn.Conv2d(3, 2, 1)).eval()
