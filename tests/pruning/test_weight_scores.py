"""Weight scores have the shape of the weights they speak of."""

import pytest
import torch
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import WeightScores, magnitude


def test_magnitude_is_the_size_of_convolutions_and_linear_weights() -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 1)
    )
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([-2.0, 0.5]).view(2, 1, 1, 1))
        network[3].weight.copy_(torch.tensor([[0.0, -1.0]]))
    found = magnitude(network)
    assert found.criterion == "magnitude"
    assert {name: one.tolist() for name, one in found.by_parameter.items()} == {
        "0.weight": [[[[2.0]]], [[[0.5]]]],
        "3.weight": [[0.0, 1.0]],
    }
    found.by_parameter["3.weight"].fill_(7.0)
    assert network[3].weight.tolist() == [[0.0, -1.0]]


def test_a_shared_weight_is_scored_once() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    network[1].weight = network[0].weight
    assert list(magnitude(network).by_parameter) == ["0.weight"]


def test_parameters_can_be_named() -> None:
    network = nn.Sequential(nn.Linear(2, 1))
    assert list(magnitude(network, ["0.bias"]).by_parameter) == ["0.bias"]
    with pytest.raises(SurgeryError, match=r"no parameter '0.wieght' .* mean '0.weight'"):
        magnitude(network, ["0.wieght"])


def test_a_score_that_is_not_a_number_is_refused_by_name() -> None:
    with pytest.raises(SurgeryError, match=r"a weight of '0.weight' has the mine score inf"):
        WeightScores("mine", {"0.weight": torch.tensor([[1.0, torch.inf]])})
