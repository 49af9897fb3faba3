"""Layers of every kind hand their channels on, or keep them with the reason."""

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
    smaller = prove(network.double(), IMAGES).network
    assert all(layer.out_channels < 8 for layer in smaller)


def test_two_layers_with_one_weight_keep_the_same_channels(prove: Prove) -> None:
    network = nn.Sequential(nn.Conv2d(3, 6, 1), nn.Conv2d(6, 6, 1), nn.Conv2d(6, 6, 1))
    network[2].weight = network[1].weight
    network.append(nn.Conv2d(6, 2, 1))
    smaller = prove(network.double(), IMAGES).network
    assert smaller[2].weight is smaller[1].weight


def test_an_efficient_channel_attention_keeps_its_channels() -> None:
    from timm.layers import EcaModule

    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Conv2d(4, 6, 1), EcaModule(6))
    network.append(nn.Conv2d(6, 2, 1))
    graph = channel_graph(network.double(), IMAGES)
    assert [layer.name for layer in graph.layers] == ["0"]
    assert graph.notes[0].startswith("Conv1d at")  # it mixes neighbouring channels


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
