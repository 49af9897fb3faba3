"""Widths are read off a network and given to one."""

import pytest
import torch
from torch import nn

from leanlung.foundations.errors import NetworkError
from leanlung.networks import Width, resize, widths_of


@pytest.fixture
def network() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Conv2d(8, 8, 3, groups=4), nn.Linear(8, 2)
    )


def test_all_layers_with_a_width_are_listed_in_order(network: nn.Sequential) -> None:
    assert widths_of(network) == {
        "0": Width(3, 8, 1),
        "1": Width(8, 8, 1),
        "2": Width(8, 8, 4),
        "3": Width(8, 2, 1),
    }


def test_against_the_whole_architecture_only_differences_are_listed(
    network: nn.Sequential,
) -> None:
    narrower = nn.Sequential(
        nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.Conv2d(8, 8, 3, groups=4), nn.Linear(8, 2)
    )
    assert widths_of(narrower, like=network) == {"0": Width(3, 6, 1), "1": Width(6, 6, 1)}


def test_a_resized_layer_has_tensors_of_its_new_shape(network: nn.Sequential) -> None:
    network[0].weight.requires_grad_(requires_grad=False)
    resize(network, {"0": Width(3, 4, 1), "1": Width(4, 4, 1), "2": Width(4, 8, 4)})
    assert network[0].weight.shape == (4, 3, 3, 3)
    assert network[0].bias.shape == network[1].running_mean.shape == (4,)
    assert network[2].weight.shape == (8, 1, 3, 3)
    assert not network[0].weight.requires_grad
    network.eval()
    assert network[:3](torch.zeros(1, 3, 9, 9)).shape == (1, 8, 5, 5)


def test_a_layer_that_keeps_its_width_keeps_its_weights(network: nn.Sequential) -> None:
    weight = network[0].weight
    resize(network, {"0": Width(3, 8, 1)})
    assert network[0].weight is weight


@pytest.mark.parametrize(
    ("widths", "told"),
    [
        ({"4": Width(1, 1, 1)}, "no layer '4'"),
        ({"2": Width(6, 8, 4)}, "6 inputs and 8 outputs in 4 groups"),
        ({"0": Width(3, 0, 1)}, "0 outputs"),
    ],
)
def test_impossible_widths_are_refused_and_nothing_is_changed(
    network: nn.Sequential, widths: dict[str, Width], told: str
) -> None:
    before = widths_of(network)
    with pytest.raises(NetworkError, match=told):
        resize(network, {"0": Width(3, 4, 1), **widths})
    assert widths_of(network) == before
