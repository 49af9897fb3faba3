"""One removal step: half of every layer at once."""

import pytest
import torch
from torchvision import models

from leanlung.networks import NetworkSpec, build
from leanlung.pruning import LowestShare, OneShot, UnitScores, channel_graph, remove

NETWORKS = {
    "vgg16": (lambda: build(NetworkSpec("vgg16", 3, head="radiograph")), 1.0),
    "vgg19": (lambda: build(NetworkSpec("vgg19", 3, head="radiograph")), 1.0),
    "mobilenet_v2": (lambda: build(NetworkSpec("mobilenet_v2", 3)), 0.2),
    "densenet121": (lambda: models.densenet121(num_classes=3), 0.2),
    "inception_v3": (
        lambda: models.inception_v3(num_classes=3, aux_logits=False, init_weights=False),
        0.2,
    ),
    "resnet50": (lambda: models.resnet50(num_classes=3), 0.2),
    "separable_cnn": (lambda: build(NetworkSpec("separable_cnn", 3)), 0.2),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_removal_step(name: str, in_turn) -> None:
    make, most = NETWORKS[name]
    network = make().eval()
    image = torch.randn(1, 3, 224, 224)
    graph = channel_graph(network, image)
    scores = UnitScores("any", {one.name: torch.rand(len(one)) for one in graph.layers})
    cut = LowestShare("layer", OneShot(0.5))

    def forward() -> None:
        with torch.no_grad():
            network(image)

    found = in_turn(forward, lambda: remove(network, graph, cut(scores, 1, graph.originals)), 7)
    print(
        f"{name:<14} one image {found.first * 1e3:6.1f} ms, cut and remove "
        f"{found.second * 1e3:6.1f} ms, ratio {found.ratio:.2f}"
    )
    assert found.second <= most
