"""One removal step: a share of every layer at once."""

import pytest
import torch
from benchmarks.trunks import trunk

from leanlung.networks import BACKBONES
from leanlung.pruning import LowestShare, OneShot, UnitScores, channel_graph, remove

MOST = 0.2
MOST_OF_A_VGG = 1.0
SHARES = (0.5, 0.02)


@pytest.mark.parametrize("name", list(BACKBONES))
def test_a_removal_step(name: str, in_turn) -> None:
    vgg = name.startswith("vgg")
    network, image = trunk(name, 224, "radiograph" if vgg else "linear")
    graph = channel_graph(network, image)
    torch.manual_seed(1)
    scores = UnitScores("any", {one.name: torch.rand(len(one)) for one in graph.layers})

    def forward() -> None:
        with torch.no_grad():
            network(image)

    def step(share: float) -> None:
        cut = LowestShare("layer", OneShot(share))
        remove(network, graph, cut(scores, 1, graph.originals))

    for share in SHARES:
        found = in_turn(forward, lambda share=share: step(share), 7)
        print(
            f"{name:<20} one image {found.first * 1e3:6.1f} ms, cut and remove {share:4.0%} "
            f"{found.second * 1e3:6.1f} ms, ratio {found.ratio:.2f}"
        )
        assert found.second <= (MOST_OF_A_VGG if vgg else MOST)
