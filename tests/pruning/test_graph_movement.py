"""Channels are followed through views, pieces, other layouts and loose parameters.

Every network is proven: after a random removal it answers as the oracle does.
"""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import Surgery, channel_graph

Prove = Callable[..., Surgery]
IMAGES = torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(0)).double()


class Between(nn.Module):
    """stem with 12 channels → what is tried → head."""

    def __init__(self, between: Callable[..., torch.Tensor], width: int = 12) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem, self.side = nn.Conv2d(3, 12, 1), nn.Conv2d(3, 12, 1)
        self.between = between
        self.head = nn.Conv2d(width, 2, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.between(F.relu(self.stem(images)), self.side(images)))


def shuffle(maps: torch.Tensor, _side: torch.Tensor) -> torch.Tensor:
    batch, channels, height, width = maps.shape
    maps = maps.view(batch, 3, channels // 3, height, width).transpose(1, 2)
    return maps.reshape(batch, channels, height, width)


def swap(maps: torch.Tensor, _side: torch.Tensor) -> torch.Tensor:
    left, right = maps.chunk(2, dim=1)
    return torch.cat([right, left], dim=1)


def halve(maps: torch.Tensor, _side: torch.Tensor) -> torch.Tensor:
    half = maps.shape[1] // 2
    return torch.cat([maps[:, half:], maps[:, :half]], dim=1)


def pack(maps: torch.Tensor, side: torch.Tensor) -> torch.Tensor:
    stacked = torch.stack([maps, side], dim=1)
    return (stacked * stacked.sum((3, 4), keepdim=True).softmax(dim=1)).sum(dim=1)


def unpack(maps: torch.Tensor, side: torch.Tensor) -> torch.Tensor:
    first, second = torch.stack([maps, side], dim=-1).unbind(-1)
    return first - second


def shortcut(maps: torch.Tensor, side: torch.Tensor) -> torch.Tensor:
    return F.pad(maps, (0, 0, 0, 0, 2, 2)) + torch.cat([side, side[:, :4]], dim=1)


def last(maps: torch.Tensor, _side: torch.Tensor) -> torch.Tensor:
    return maps.flatten(2).transpose(1, 2).permute(0, 2, 1).unflatten(2, (6, 6))


def gate(maps: torch.Tensor, side: torch.Tensor) -> torch.Tensor:
    batch, channels = maps.size()[:2]
    return maps * side.mean((2, 3)).view(batch, channels, 1, 1).expand_as(maps)


def after(maps: torch.Tensor, _side: torch.Tensor) -> torch.Tensor:
    """Everything behind the flip stays whole, and no operation minds."""
    maps = F.relu(maps.flip(1)).roll(1, 2)
    maps = torch.stack(maps.unbind(1), dim=1).narrow(1, 0, 12)[:, :12]
    maps = torch.cat(maps.permute(0, 1, 3, 2).transpose(2, 3).chunk(2, 1), 1)
    maps = maps.unsqueeze(1).squeeze(1).view(2, 12, 6, 6).flatten(2).unflatten(2, (6, 6))
    maps = F.pad(F.max_pool2d(maps, 1), (1, 1)).softmax(1) + maps.mean(3, keepdim=True)
    maps = maps * maps.norm(2, 3, keepdim=True).expand(-1, -1, -1, 8)
    return F.channel_shuffle(maps.expand_as(maps), 3)


@pytest.mark.parametrize(
    ("between", "width", "units"),
    [
        (shuffle, 12, {"stem": 4}),
        (swap, 12, {"stem": 6}),
        (halve, 12, {"stem": 6}),
        (pack, 12, {"stem": 12}),
        (unpack, 12, {"stem": 12}),
        (shortcut, 16, {"stem": 8}),  # four meet zeros or stay with a slice
        (last, 12, {"stem": 12}),
        (gate, 12, {"stem": 12}),
        (lambda maps, _: F.channel_shuffle(maps, 3), 12, {"stem": 4}),
        (lambda maps, side: maps + side.reshape(maps.shape), 12, {"stem": 12}),
        (
            lambda maps, side: maps * side.mean((2, 3), keepdim=True).expand(maps.shape),
            12,
            {"stem": 12},
        ),
        (lambda maps, _: torch.cat(maps.chunk(2, 2), 2), 12, {"stem": 12}),
        (
            lambda maps, _: maps.split((maps.shape[1] // 2, maps.shape[1] // 2), 1)[0],
            6,
            {"stem": 6},
        ),
        (lambda maps, _: maps[:, : maps.shape[1]], 12, {"stem": 12}),
        (lambda maps, _: maps / maps.norm(2, 3, keepdim=True).clamp(min=0.1), 12, {"stem": 12}),
        (lambda maps, _: F.max_pool2d(maps, 2), 12, {"stem": 12}),
        (
            lambda maps, _: torch.cat([part * 2 for part in maps.chunk(3, 1)], 1),
            12,
            {"stem": 4},
        ),
        (lambda maps, _: F.pad(maps, (1, 1)), 12, {"stem": 12}),
        (lambda maps, _: maps[..., 1:, None, 0], 12, {"stem": 12}),
        (lambda maps, _: maps[:, :99], 12, {"stem": 12}),
        (lambda maps, _: maps[:, 4:], 8, {"stem": 8}),
        (lambda maps, _: maps[:, :-4], 8, {"stem": 8}),
        (lambda maps, _: maps.split(8, dim=1)[1], 4, {"stem": 4}),
        (lambda maps, _: maps.split(maps.shape[1] // 2, dim=1)[1], 6, {"stem": 6}),
        (lambda maps, _: maps.split([2, 4], dim=2)[1], 12, {"stem": 12}),
        (lambda maps, _: maps.narrow(3, 0, 2).flip(2), 12, {"stem": 12}),
        (lambda maps, _: maps.amax(2).unsqueeze(2), 12, {"stem": 12}),
        (lambda maps, _: maps.mean(3, keepdim=True).expand(-1, -1, -1, 6), 12, {"stem": 12}),
        (lambda maps, _: maps.mean(3, keepdim=True).squeeze(3).unsqueeze(-1), 12, {"stem": 12}),
    ],
)
def test_what_is_moved_is_followed(
    between: Callable[..., torch.Tensor], width: int, units: dict[str, int], prove: Prove
) -> None:
    network = Between(between, width).double().eval()
    surgery = prove(network, IMAGES)
    graph = channel_graph(network, IMAGES[:1])
    found = {layer.name: len(layer) for layer in graph.layers if "stem" in layer.writers}
    assert found == units
    assert surgery.graph.notes == graph.notes


@pytest.mark.parametrize(
    ("between", "told"),
    [
        (lambda maps, _: maps.view(2, 12, 36, 1), "view at 'view' writes down"),
        (lambda maps, _: maps.reshape(24, 1, 6, 6).reshape(2, 12, 6, 6), "mixes channels"),
        (lambda maps, _: maps.split([4, 8], dim=1)[1].repeat(1, 2, 1, 1)[:, :12], "split at"),
        (lambda maps, _: maps * maps.shape[1] ** -0.5, "mul at 'mul' calculates with"),
        (lambda maps, _: maps[:, ::2].repeat(1, 2, 1, 1), "getitem at 'getitem' cuts"),
        (lambda maps, _: maps[:, 3].unsqueeze(1).expand(-1, 12, -1, -1), "fixed place"),
        (lambda maps, _: maps[:, [1, 0, *range(2, 12)]], "picks places by a tensor"),
        (lambda maps, _: maps.roll(1, 1), "changes the order"),
        (after, "flip at 'flip' changes the order"),
        (
            lambda maps, side: maps * side[:, :1].expand(2, 12, 6, 6),
            "expand at 'expand' writes",
        ),
        (
            lambda maps, _: F.max_pool2d(maps, 2, return_indices=True)[0],
            "max_pool2d_with_indices at",
        ),
        (lambda maps, _: maps[..., None].squeeze(), "takes away the axis"),
        (lambda maps, _: maps * maps.std(False), "std at 'std'"),
        (lambda maps, _: maps[:, :, : maps.shape[1]], "another axis at"),
        (lambda maps, _: maps.narrow(1, 0, 6).repeat(1, 2, 1, 1), "narrow at 'narrow' cuts"),
        (lambda maps, _: torch.cat([maps, maps], 0)[:2], "lines up images"),
        (lambda maps, _: maps.repeat(1, 1, 1, 1), "repeat at 'repeat' has no rule"),
        (lambda maps, _: F.pad(maps, (0, 0, 0, 0, -2, 2)), "pads channels with"),
        (lambda maps, _: maps.flatten(2).unflatten(2, (maps.shape[1] // 2, 6)), "calculates"),
        (lambda maps, _: maps.unbind(1)[0][:, None].expand(-1, 12, -1, -1), "one by one"),
        (
            lambda maps, _: (maps[..., :1, 0] + maps[:, None, :, 0, 0])[..., None],
            "different axes",
        ),
        (lambda maps, _: maps if maps.shape[1] > 4 else maps * 2, "branches at 'gt'"),
    ],
)
def test_what_is_not_followed_stays_whole_with_the_reason(
    between: Callable[..., torch.Tensor], told: str
) -> None:
    network = Between(between).double().eval()
    network.head = nn.Sequential(nn.Conv2d(12, 4, 1), nn.Conv2d(4, 2, 1)).double()
    graph = channel_graph(network, IMAGES)
    assert [layer.name for layer in graph.layers if "stem" in layer.writers] == []
    assert graph.layer("head.0")
    assert any(told in note for note in graph.notes), graph.notes


def test_all_outputs_keep_their_channels_however_they_are_handed_over() -> None:
    class Heads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Conv2d(3, 6, 1)
            self.a, self.b, self.c = nn.Conv2d(6, 4, 1), nn.Conv2d(6, 2, 1), nn.Conv2d(6, 2, 1)

        def forward(self, images: torch.Tensor) -> dict[str, object]:
            stem = self.stem(images)
            return {"parts": self.a(stem).chunk(2, 1), "maps": (self.b(stem), [self.c(stem)])}

    graph = channel_graph(Heads().double(), IMAGES)
    assert {layer.name for layer in graph.layers} == {"stem"}


def test_a_forward_pass_may_branch_on_the_size_of_the_image(prove: Prove) -> None:
    class Sized(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.head = nn.Conv2d(3, 6, 1), nn.Conv2d(6, 2, 1)

        def forward(self, images: torch.Tensor, scale: torch.Tensor | None = None):
            maps = self.stem(images)
            if scale is not None:
                maps = maps * scale
            if maps.shape[-1] < 7:
                maps = F.interpolate(maps, size=(7, 7))
            return self.head(maps)

    network = Sized().double()
    prove(network, IMAGES)
    graph = channel_graph(network, IMAGES)
    out = torch.fx.Interpreter(network, graph=graph.program).run(IMAGES)
    assert torch.equal(out, network(IMAGES))


def test_an_image_without_a_batch_is_not_mistaken_for_one() -> None:
    network = nn.Sequential(nn.Conv2d(3, 6, 1), nn.Conv2d(6, 2, 1)).double()
    with pytest.raises(SurgeryError, match="reads one image instead of a batch"):
        channel_graph(network, IMAGES[0])
