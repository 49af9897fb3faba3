"""Channels are followed through views, pieces, other layouts and loose parameters.

Every network is proven: after a random removal it answers as the oracle does.
"""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from timm.layers import ScaledStdConv2d, StdConv2d
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.networks import resize, widths_of
from leanlung.pruning import Removal, Surgery, channel_graph, remove

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


class ChannelsLast(nn.Module):
    """As a block of ConvNeXt: hidden units can leave, the trunk is normalised as a whole."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 8, 1), norm
        self.wide, self.narrow = nn.Linear(8, 16), nn.Linear(16, 8)
        self.scale = nn.Parameter(torch.rand(8, 1, 1))
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        stem = self.stem(images)
        block = self.norm(stem.permute(0, 2, 3, 1))
        block = self.narrow(F.gelu(self.wide(block))).permute(0, 3, 1, 2)
        return self.head(stem + self.scale * block)


def test_channels_last_are_followed_but_layer_norm_keeps_its_trunk(prove: Prove) -> None:
    network = ChannelsLast(nn.LayerNorm(8)).double()
    graph = channel_graph(network, IMAGES)
    assert {layer.name: len(layer) for layer in graph.layers} == {"wide": 16}
    assert graph.notes[0].startswith("LayerNorm at 'norm' measures all its channels together")
    prove(network, IMAGES)


def test_a_loose_parameter_is_cut_and_built_again(prove: Prove) -> None:
    network = ChannelsLast(nn.Identity()).double()
    surgery = prove(network, IMAGES)
    left = len(surgery.graph.layer("stem"))
    assert surgery.network.scale.shape == (left, 1, 1)
    assert surgery.graph.parameters["scale"].axis == 0
    again = ChannelsLast(nn.Identity()).double()
    resize(again, widths_of(surgery.network, like=network))
    again.load_state_dict(surgery.network.state_dict())
    assert torch.equal(again(IMAGES), surgery.network(IMAGES))


def test_an_outdated_graph_of_a_loose_parameter_is_refused() -> None:
    network = ChannelsLast(nn.Identity()).double()
    graph = channel_graph(network, IMAGES)
    network.scale = nn.Parameter(network.scale[:5])
    with pytest.raises(SurgeryError, match="'scale' has 5 places; its graph knows 8 units"):
        remove(network, graph, Removal({"stem": (0,)}))


def test_a_group_normalisation_loses_whole_groups(prove: Prove) -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 12, 1), nn.GroupNorm(4, 12), nn.PReLU(12), nn.Conv2d(12, 2, 1)
    ).double()
    assert len(channel_graph(network, IMAGES).layer("0")) == 4
    smaller = prove(network, IMAGES).network
    groups = smaller[1].num_groups
    assert smaller[1].num_channels == smaller[2].num_parameters == 3 * groups < 12
    again = nn.Sequential(
        nn.Conv2d(3, 12, 1), nn.GroupNorm(4, 12), nn.PReLU(12), nn.Conv2d(12, 2, 1)
    ).double()
    resize(again, widths_of(smaller))
    again.load_state_dict(smaller.state_dict())
    assert torch.equal(again(IMAGES), smaller(IMAGES))


@pytest.mark.parametrize("kind", [StdConv2d, ScaledStdConv2d])
def test_a_convolution_that_standardises_its_weight_is_not_cut(kind: type[nn.Module]) -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 4, 1), nn.Conv2d(4, 6, 1), kind(6, 4, 1), nn.Conv2d(4, 2, 1)
    )
    graph = channel_graph(network.double(), IMAGES)
    assert [layer.name for layer in graph.layers] == ["0"]
    assert kind.__name__ in graph.notes[0]


def test_a_weight_worked_out_from_others_is_not_cut() -> None:
    normed = nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 4, 1))
    network = nn.Sequential(nn.Conv2d(3, 6, 1), nn.Conv2d(6, 4, 1), normed, nn.Conv2d(4, 2, 1))
    graph = channel_graph(network.double(), IMAGES)
    assert [layer.name for layer in graph.layers] == ["0"]


def test_a_convolution_of_ones_own_is_believed_once_tried(prove: Prove) -> None:
    class Padded(nn.Conv2d):
        def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002
            return super().forward(F.pad(input, (1, 1, 1, 1)))

    network = nn.Sequential(
        Padded(3, 8, 3), Padded(8, 8, 3, groups=2), Padded(8, 8, 3, groups=8), Padded(8, 2, 3)
    )
    prove(network.double(), IMAGES)


def test_two_layers_with_one_weight_keep_the_same_channels(prove: Prove) -> None:
    network = nn.Sequential(nn.Conv2d(3, 6, 1), nn.Conv2d(6, 6, 1), nn.Conv2d(6, 6, 1))
    network[2].weight = network[1].weight
    network.append(nn.Conv2d(6, 2, 1))
    smaller = prove(network.double(), IMAGES).network
    assert smaller[2].weight is smaller[1].weight


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


def test_an_efficient_channel_attention_keeps_its_channels() -> None:
    from timm.layers import EcaModule

    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Conv2d(4, 6, 1), EcaModule(6))
    network.append(nn.Conv2d(6, 2, 1))
    graph = channel_graph(network.double(), IMAGES)
    assert [layer.name for layer in graph.layers] == ["0"]
    assert graph.notes[0].startswith("Conv1d at")  # it mixes neighbouring channels


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


def test_pooling_that_gives_places_too_stays_whole() -> None:
    class Places(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.body = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 6, 1)
            self.pool = nn.MaxPool2d(2, return_indices=True)
            self.head = nn.Conv2d(6, 2, 1)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            maps, _places = self.pool(self.body(self.stem(images)))
            return self.head(maps)

    graph = channel_graph(Places().double(), IMAGES)
    assert [layer.name for layer in graph.layers] == ["stem"]
    assert graph.notes[0].startswith("MaxPool2d at 'pool' gives several tensors")


def test_a_layer_and_a_forward_pass_that_share_a_tensor_keep_it_whole() -> None:
    class Sharing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.body = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 6, 1)
            self.norm, self.head = nn.BatchNorm2d(6), nn.Conv2d(6, 2, 1)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            maps = self.norm(self.body(self.stem(images)))
            return self.head(maps * self.norm.weight.reshape(1, -1, 1, 1))

    graph = channel_graph(Sharing().double(), IMAGES)
    assert [layer.name for layer in graph.layers] == ["stem"]


def test_modules_that_flatten_and_unflatten_are_followed(prove: Prove) -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 6, 1), nn.Flatten(2), nn.Unflatten(2, (6, 6)), nn.Softmax(dim=3)
    )
    network.extend([nn.Conv2d(6, 4, 1), nn.Flatten(), nn.Linear(4 * 36, 2)])
    graph = channel_graph(network.double(), IMAGES)
    assert {layer.name: len(layer) for layer in graph.layers} == {"0": 6, "4": 4}
    prove(network, IMAGES)


def test_an_image_without_a_batch_is_not_mistaken_for_one() -> None:
    network = nn.Sequential(nn.Conv2d(3, 6, 1), nn.Conv2d(6, 2, 1)).double()
    with pytest.raises(SurgeryError, match="reads one image instead of a batch"):
        channel_graph(network, IMAGES[0])
