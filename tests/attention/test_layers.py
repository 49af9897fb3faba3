"""The deepest maps are found by looking on, in networks of any make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor, nn

from leanlung.attention import find_layer
from leanlung.foundations.errors import NetworkError
from leanlung.networks import NetworkSpec, build

if TYPE_CHECKING:
    from leanlung.networks.spec import Head


class Untraceable(nn.Module):
    """What runs depends on the pixels; one ReLU serves the maps and the features after them."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 3, 3, padding=1)
        self.second = nn.Conv2d(3, 5, 3, stride=2, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.hidden = nn.Linear(5, 8)
        self.head = nn.Linear(8, 2)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.relu(self.first(images))
        if maps.sum() >= 0:
            maps = self.relu(self.second(maps))
        logits: Tensor = self.head(self.relu(self.hidden(maps.mean(dim=(2, 3)))))
        return logits


class Tokens(nn.Module):
    """Patches by a convolution, two by two of them merged, and a layer over all of them."""

    def __init__(self, last: nn.Module) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, 8, 4, stride=4)
        self.pool = nn.AvgPool2d(2)
        self.mix = nn.Linear(8, 8)
        self.last = last
        self.head = nn.Linear(8, 2)

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.pool(self.patches(images)).permute(0, 2, 3, 1)  # (N, h, w, C)
        maps = self.last(self.mix(tokens))
        axes = (1, 2) if maps.shape[-1] == 8 else (2, 3)
        logits: Tensor = self.head(maps.mean(dim=axes))
        return logits


class ChannelsFirst(nn.Module):
    def forward(self, tokens: Tensor) -> Tensor:
        return tokens.permute(0, 3, 1, 2)


def test_it_is_the_activation_after_the_last_convolution(
    network: nn.Sequential, images: Tensor
) -> None:
    found = find_layer(network, images)
    assert (found.name, found.call, found.shape) == ("6", 0, (6, 6, 6))


def test_a_pooling_behind_the_last_convolution_is_not_taken(images: Tensor) -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(144, 2),
    )
    assert find_layer(network, images).name == "1"


def test_convolutions_over_one_place_do_not_count(images: Tensor) -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Conv2d(4, 9, 1), nn.Flatten()
    )
    assert find_layer(network, images).name == "0"


def test_networks_that_cannot_be_traced_are_looked_at_too(images: Tensor) -> None:
    found = find_layer(Untraceable(), images)
    # The ReLU ran over the first maps, the second ones, and the features behind them.
    assert (found.name, found.call, found.shape) == ("relu", 1, (5, 6, 6))


def test_where_layers_still_work_on_places_later_maps_are_taken() -> None:
    images = torch.zeros(1, 1, 32, 32)
    assert find_layer(Tokens(ChannelsFirst()), images).name == "last"


def test_channels_that_lie_last_are_refused_and_maps_that_can_be_named_told() -> None:
    with pytest.raises(NetworkError, match=r"'mix', gives \(1, 4, 4, 8\).*such as 'patches'"):
        find_layer(Tokens(nn.Identity()), torch.zeros(1, 1, 32, 32))


def test_maps_of_a_film_that_is_no_square_have_its_proportions() -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3, stride=2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    )
    assert find_layer(network, torch.zeros(1, 1, 33, 15)).shape == (4, 16, 7)


def test_a_layer_can_be_named(network: nn.Sequential, images: Tensor) -> None:
    assert find_layer(network, images, "2").shape == (4, 12, 12)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("trunks", "no layer 'trunks'; did you mean 'trunk'"),
        ("head.2", r"'head.2' of Classifier gives \(1, 1280\); maps .* were expected"),
    ],
)
def test_a_name_that_leads_to_no_maps_is_told(name: str, told: str) -> None:
    network = build(NetworkSpec("mobilenet_v2", 2, size=64)).eval()
    with pytest.raises(NetworkError, match=told):
        find_layer(network, torch.zeros(1, 3, 64, 64), name)


def test_a_network_without_maps_is_refused(images: Tensor) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(144, 2))
    with pytest.raises(NetworkError, match="no module of Sequential gives maps"):
        find_layer(network, images)


@pytest.mark.parametrize(
    ("backbone", "head", "name", "maps"),
    [
        ("mobilenet_v2", "linear", "trunk", 1280),
        ("mobilenet_v2", "radiograph", "head.2", 1024),
        ("separable_cnn", "linear", "trunk", None),
        ("nasnet_mobile", "linear", "trunk", 1056),
        ("timm/convnext_atto", "linear", "trunk", 320),
    ],
)
def test_the_trunks_end_or_the_heads_convolution_is_found(
    backbone: str, head: Head, name: str, maps: int | None
) -> None:
    network = build(NetworkSpec(backbone, 2, head=head, size=64)).eval()
    found = find_layer(network, torch.zeros(1, 3, 64, 64))
    assert found.name == name
    assert maps in (None, found.shape[0])
    assert found.shape[1] == found.shape[2] > 1
