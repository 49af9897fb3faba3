"""One curve a layer: what is measured when that layer alone gives units."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import UnitScores, channel_graph
from leanlung.pruning.sensitivity import SensitivityCurve, sensitivity


@pytest.fixture
def chain() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 1), nn.ReLU(), nn.Conv2d(4, 2, 1), nn.ReLU(), nn.Conv2d(2, 2, 1)
    ).eval()


def widths(network: nn.Module) -> tuple[int, int]:
    return network[0].out_channels, network[2].out_channels


def test_each_layer_is_cut_alone_and_the_lowest_go_first(chain: nn.Module) -> None:
    graph = channel_graph(chain, torch.zeros(1, 1, 4, 4))
    scores = UnitScores(
        "by hand", {"0": torch.tensor([3.0, 1.0, 2.0, 4.0]), "2": torch.ones(2)}
    )
    seen: list[tuple[int, int]] = []
    kept: list[list[float]] = []

    def measure(network: nn.Module) -> float:
        seen.append(widths(network))
        kept.append(network[0].weight.flatten().tolist())
        return float(network[0].out_channels * 10 + network[2].out_channels)

    first, second = sensitivity(chain, graph, scores, measure, shares=(0.25, 0.5, 0.9))
    # 0.9 of 4 is 4, but one stays; 0.25 of 2 rounds up to 1.
    assert seen == [(4, 2), (3, 2), (2, 2), (1, 2), (4, 1), (4, 1), (4, 1)]
    assert first == SensitivityCurve("0", 4, (0.0, 0.25, 0.5, 0.9), (42.0, 32.0, 22.0, 12.0))
    assert second == SensitivityCurve("2", 2, (0.0, 0.25, 0.5, 0.9), (42.0, 41.0, 41.0, 41.0))
    weights = chain[0].weight.flatten().tolist()
    assert kept[1] == [weights[0], weights[2], weights[3]]  # unit 1 scored lowest
    assert kept[2] == [weights[0], weights[3]]
    assert widths(chain) == (4, 2)


def test_a_share_that_takes_nothing_is_the_whole_network(chain: nn.Module) -> None:
    graph = channel_graph(chain, torch.zeros(1, 1, 4, 4))
    scores = UnitScores("by hand", {"0": torch.ones(4), "2": torch.ones(2)})
    calls: list[nn.Module] = []
    list(sensitivity(chain, graph, scores, lambda n: calls.append(n) or 0.0, shares=(0.1,)))
    assert calls == [chain]


def test_what_a_layer_can_give_ends_where_the_measure_first_falls() -> None:
    curve = SensitivityCurve("a", 10, (0.0, 0.25, 0.5, 0.75), (0.90, 0.895, 0.80, 0.91))
    assert curve.share_within(0.01) == 0.25  # the rise at 0.75 is luck
    assert curve.share_within(0.2) == 0.75
    assert curve.share_within(0.0) == 0.0
    assert SensitivityCurve(**curve.as_dict()) == curve


@pytest.mark.parametrize("shares", [(), (0.5, 0.2), (0.0, 0.5), (0.5, 1.0), (0.5, 0.5)])
def test_shares_must_ascend_between_nothing_and_all(chain: nn.Module, shares: tuple) -> None:
    graph = channel_graph(chain, torch.zeros(1, 1, 4, 4))
    scores = UnitScores("by hand", {"0": torch.ones(4), "2": torch.ones(2)})
    with pytest.raises(SurgeryError, match="ascending and lie between 0 and 1"):
        list(sensitivity(chain, graph, scores, lambda _: 0.0, shares))
