"""What is rarely written is followed too, or stays whole with the reason."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from leanlung.pruning import ChannelGraph, Surgery, channel_graph

Prove = Callable[..., Surgery]
IMAGES = torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(0)).double()


class Scaled(nn.Module):
    """stem → (something with own tensors) → head."""

    def __init__(self, between: Callable[["Scaled", torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem, self.head = nn.Conv2d(3, 6, 1), nn.Conv2d(6, 4, 1)
        self.last = nn.Conv2d(4, 2, 1)
        self.scale, self.table = nn.Parameter(torch.rand(6)), nn.Parameter(torch.rand(6, 6))
        self.one, self.norm = nn.Parameter(torch.rand(1)), nn.BatchNorm2d(6)
        self.slope, self.slopes = nn.PReLU(), nn.PReLU(6)
        self.again = nn.Conv2d(3, 6, 1)
        self.between = between

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.last(self.head(self.between(self, self.stem(images))))


def units(graph: ChannelGraph) -> int:
    return sum(len(layer) for layer in graph.layers if "stem" in layer.writers)


@pytest.mark.parametrize(
    "between",
    [
        lambda net, maps: maps * net.scale.view(1, -1, 1, 1),
        lambda net, maps: maps * net.scale[:, None, None],
        lambda net, maps: (maps.permute(0, 2, 3, 1) * net.scale).permute(0, 3, 1, 2),
        lambda net, maps: (maps * net.scale[None, :, None, None]) * net.scale[:, None, None],
        lambda net, maps: maps * net.one,
        lambda net, maps: net.slope(maps),
        lambda net, maps: net.slopes(maps),
        lambda net, maps: maps.reshape(maps.size(0), maps.size(dim=1), -1).unflatten(2, (6, 6)),
        lambda net, maps: maps.flatten(2).unflatten(dim=2, sizes=(6, 6)),
        lambda net, maps: maps.view(maps.shape),
        lambda net, maps: maps.reshape(*maps.shape[:2], 36).reshape(2, -1, 6, 6),
        lambda net, maps: maps.transpose(1, 3).unbind(1)[0].transpose(1, 2)[..., None],
        lambda net, maps: maps.mean((2, 3), keepdim=True).expand_as(maps),
        lambda net, maps: maps.view(*maps.shape),
        lambda net, maps: F.pad(maps, (1, 1, 1, 1)),
        lambda net, maps: torch.stack([maps, maps], dim=-1).mean(-1),
        lambda net, maps: maps[:, 0 : maps.shape[1]],
    ],
)
def test_what_is_rarely_written_is_followed(
    between: Callable[[Scaled, torch.Tensor], torch.Tensor], prove: Prove
) -> None:
    network = Scaled(between).double().eval()
    graph = channel_graph(network, IMAGES[:1])
    assert units(graph) == 6, graph.notes
    prove(network, IMAGES, graph)


@pytest.mark.parametrize(
    ("between", "told"),
    [
        (lambda net, maps: maps * net.table.mean() ** maps[0, :, :1, :1], None),
        (
            lambda net, maps: (maps.permute(0, 2, 3, 1) @ net.table).permute(0, 3, 1, 2),
            "matmul",
        ),
        (lambda net, maps: maps.view(2, 6, 36).view(2, 6, 6, 6), "writes down"),
        (lambda net, maps: maps.view(maps.shape[0], 6, -1).unflatten(2, (6, 6)), "writes down"),
        (lambda net, maps: maps.transpose(0, 1).reshape(-1, 6, 6)[None, :6], "mixes channels"),
        (
            lambda net, maps: maps.reshape(maps.shape[0], maps.shape[1] + 0, 6, 6),
            "in a way that is not followed",
        ),
        (lambda net, maps: maps * net.norm.weight.view(1, -1, 1, 1) + net.norm(maps), None),
        (lambda net, maps: maps.expand(2, 6, 6, 6), "writes down"),
        (lambda net, maps: maps[:, torch.arange(6)], "picks places by a tensor"),
        (lambda net, maps: maps.view(-1, 6, 6, 6), "writes down"),
    ],
)
def test_what_is_not_followed_stays_whole(
    between: Callable[[Scaled, torch.Tensor], torch.Tensor], told: str | None, prove: Prove
) -> None:
    network = Scaled(between).double().eval()
    graph = channel_graph(network, IMAGES)
    assert units(graph) == 0
    assert told is None or any(told in note for note in graph.notes), graph.notes
    prove(network, IMAGES, graph)  # the head's units can leave all the same


def test_a_normalisation_with_something_else_inside_stays_whole() -> None:
    class Learned(nn.BatchNorm2d):
        def __init__(self) -> None:
            super().__init__(6)
            self.mix = nn.Conv2d(6, 6, 1)

        def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002
            return self.mix(super().forward(input))

    network = nn.Sequential(
        nn.Conv2d(3, 6, 1), Learned(), nn.Conv2d(6, 4, 1), nn.Conv2d(4, 2, 1)
    )
    graph = channel_graph(network.double(), IMAGES)
    assert [layer.name for layer in graph.layers] == ["2"]
    assert graph.notes[0].startswith("Learned at '1' has a Conv2d inside that is not followed")


def test_the_same_reason_at_the_same_place_is_told_once() -> None:
    network = nn.Sequential(nn.Conv2d(3, 6, 1), nn.Conv2d(6, 6, 1), nn.LocalResponseNorm(2))
    norm = network[2]
    network.extend([norm, norm, nn.Conv2d(6, 2, 1)])
    (note,) = channel_graph(network.double(), IMAGES).notes
    assert note.startswith("LocalResponseNorm at '2'")


def test_a_layer_used_with_channels_in_two_ways_stays_whole(prove: Prove) -> None:
    """Once depthwise channels hand on to it, once the image does."""

    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.shared = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)
            self.body, self.head = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 2, 1)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.head(self.body(self.shared(self.stem(self.shared(images)))))

    network = Twice().double().eval()
    graph = channel_graph(network, IMAGES)
    assert {layer.name for layer in graph.layers} == {"body"}
    prove(network, IMAGES, graph)
