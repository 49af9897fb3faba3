"""A unit that never passes an activation is worth what its readers make of it."""

import pytest
import torch
from torch import nn

from leanlung.pruning import Apoz, channel_graph, score_activations
from leanlung.pruning.scores.readers import worth_to_readers


def bottleneck() -> nn.Sequential:
    """A linear bottleneck of two units, read by two units that fire always and never."""
    network = nn.Sequential(
        nn.Conv2d(1, 2, 1), nn.Conv2d(2, 2, 1), nn.ReLU(), nn.Conv2d(2, 2, 1)
    )
    with torch.no_grad():
        # rows: readers; columns: what they read
        network[1].weight.copy_(torch.tensor([[0.5, -2.0], [9.0, 9.0]]).view(2, 2, 1, 1))
        network[1].bias.copy_(torch.tensor([1e3, -1e3]))  # always, never
    return network.eval()


def test_readers_count_by_their_score_and_the_size_of_their_weights() -> None:
    network = bottleneck()
    images = torch.ones(1, 1, 2, 2)
    graph = channel_graph(network, images)
    found = score_activations(network, graph, [images], [Apoz()])["apoz"].by_layer
    assert found["1"].tolist() == [1.0, 0.0]
    worth = [1.0 * 0.5 + 0.0 * 9.0, 1.0 * 2.0 + 0.0 * 9.0]
    assert found["0"].tolist() == [worth[0] / worth[1], 1.0]


def test_a_unit_read_by_logits_counts_its_weights() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.Conv2d(2, 1, 1))
    with torch.no_grad():
        network[1].weight.copy_(torch.tensor([-1.0, 4.0]).view(1, 2, 1, 1))
    graph = channel_graph(network, torch.zeros(1, 1, 2, 2))
    seen = torch.full((graph.units,), torch.nan, dtype=torch.float64)
    filled = worth_to_readers(network, graph, seen)
    assert filled[torch.from_numpy(graph.layer("0").units)].tolist() == [0.25, 1.0]


def test_units_nobody_listens_to_are_worth_nothing() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.Conv2d(2, 1, 1))
    nn.init.zeros_(network[1].weight)
    graph = channel_graph(network, torch.zeros(1, 1, 2, 2))
    seen = torch.full((graph.units,), torch.nan, dtype=torch.float64)
    filled = worth_to_readers(network, graph, seen)
    assert filled[torch.from_numpy(graph.layer("0").units)].tolist() == [0.0, 0.0]


def test_grouped_readers_listen_to_their_own_group_only() -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 4, 1), nn.Conv2d(4, 2, 1, groups=2), nn.Conv2d(2, 1, 1)
    )
    with torch.no_grad():
        network[1].weight.copy_(torch.tensor([[1.0, 0.0], [3.0, 2.0]]).view(2, 2, 1, 1))
    graph = channel_graph(network, torch.zeros(1, 1, 2, 2))
    seen = torch.full((graph.units,), torch.nan, dtype=torch.float64)
    filled = worth_to_readers(network, graph, seen)
    # a place is one unit over both groups: 1 + 3 and 0 + 2
    assert filled[torch.from_numpy(graph.layer("0").units)].tolist() == [1.0, 0.5]


@pytest.mark.parametrize("value", [0.3, 0.0])
def test_scores_that_were_seen_stay_as_they_are(value: float) -> None:
    network = bottleneck()
    graph = channel_graph(network, torch.zeros(1, 1, 2, 2))
    seen = torch.full((graph.units,), value, dtype=torch.float64)
    assert torch.equal(worth_to_readers(network, graph, seen), seen)
