"""One pass over the images serves all layers and all criteria."""

from dataclasses import dataclass, field

import pytest
import torch
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import Apoz, UnitScores, channel_graph, score_activations


@dataclass
class LargestTally:
    largest: torch.Tensor = field(default_factory=lambda: torch.tensor(-torch.inf))

    def add(self, activation: torch.Tensor) -> None:
        self.largest = torch.maximum(self.largest, activation.amax(dim=(0, 2, 3)).double())

    def value(self) -> torch.Tensor:
        return self.largest


@dataclass(frozen=True)
class Largest:
    """A user's own criterion: the largest activation."""

    name: str = "largest"
    highest: float = torch.inf

    def tally(self) -> LargestTally:
        return LargestTally()


def test_a_users_own_criterion_rides_along(three_units: nn.Module) -> None:
    images = torch.tensor([[3.0, -1.0]]).view(1, 1, 1, 2)
    graph = channel_graph(three_units, images)
    passes = 0

    def counted() -> object:
        nonlocal passes
        passes += 1
        yield images

    found = score_activations(three_units, graph, counted(), [Apoz(), Largest()])
    assert passes == 1
    assert found["apoz"].by_layer["0"].tolist() == [1.0, 0.5, 0.0]
    assert found["largest"].by_layer["0"].tolist() == [1.0, 3.0, 0.0]


def test_no_images_are_refused(three_units: nn.Module) -> None:
    graph = channel_graph(three_units, torch.zeros(1, 1, 2, 2))
    with pytest.raises(SurgeryError, match="no images to score units on"):
        score_activations(three_units, graph, [], [Apoz()])


def test_a_network_in_which_nothing_fires_is_refused() -> None:
    network = nn.Sequential(nn.Conv2d(1, 3, 1), nn.Conv2d(3, 1, 1))
    images = torch.zeros(1, 1, 2, 2)
    graph = channel_graph(network, images)
    with pytest.raises(SurgeryError, match=r"passes an activation, so 'apoz' says nothing"):
        score_activations(network, graph, [images], [Apoz()])


def test_a_score_that_is_not_a_number_is_refused_by_name() -> None:
    with pytest.raises(SurgeryError, match=r"unit 1 of layer 'conv' has the mine score nan"):
        UnitScores("mine", {"conv": torch.tensor([0.0, torch.nan])})


def test_the_order_of_layers_is_the_running_order() -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 2, 1), nn.ReLU(), nn.Conv2d(2, 3, 1), nn.ReLU(), nn.Conv2d(3, 1, 1)
    )
    images = torch.randn(2, 1, 3, 3)
    graph = channel_graph(network, images[:1])
    found = score_activations(network, graph, [images], [Apoz()])["apoz"]
    assert list(found.by_layer) == ["0", "2"]
