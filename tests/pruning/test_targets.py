"""A target is met by the smallest share, or refused with the best there is."""

import pytest
import torch
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.networks import size_of
from leanlung.pruning import (
    LowestShare,
    OneShot,
    Target,
    UnitScores,
    channel_graph,
    median_ms,
    reach,
    remove,
    target_latency_ms,
    target_macs,
    target_parameters,
)

IMAGE = torch.zeros(1, 1, 6, 6)
CUT = LowestShare("network", OneShot(0.5))


@pytest.fixture
def network() -> nn.Module:
    """8 units of 9 + 1 weights that 2 outputs read, 8 and 2 weights more: 80 + 18 = 98."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 2, 1)).eval()


def worth(*values: float) -> UnitScores:
    return UnitScores("mine", {"0": torch.tensor(values)})


SCORES = worth(8, 7, 6, 5, 4, 3, 2, 1)


def test_parameters_by_hand(network: nn.Module) -> None:
    """Every unit is 12 parameters: 98, 86, 74, 62, 50."""
    graph = channel_graph(network, IMAGE)
    found = reach(target_parameters(70), network, graph, SCORES, CUT)
    assert (found.share, found.value) == (3 / 8, 62)
    assert found.removal.units == {"0": (5, 6, 7)}
    smaller = remove(network, graph, found.removal).network
    assert sum(p.numel() for p in smaller.parameters()) == 62
    assert CUT.schedule == OneShot(0.5)


def test_the_share_found_is_the_one_a_cut_takes(network: nn.Module) -> None:
    graph = channel_graph(network, IMAGE)
    for scope in ("layer", "network"):
        cut = LowestShare(scope, OneShot(0.5))
        found = reach(target_parameters(50), network, graph, SCORES, cut)
        again = LowestShare(scope, OneShot(found.share))(SCORES, 1, graph.originals)
        assert again == found.removal
        assert found.value == 50


def test_macs_by_hand(network: nn.Module) -> None:
    """4 x 4 places: every unit is 16 * 9 written and 16 * 2 read, 176 of 1,408."""
    graph = channel_graph(network, IMAGE)
    found = reach(target_macs(1000, 6, channels=1), network, graph, SCORES, CUT)
    assert size_of(network, 6, 1).macs == 1408
    assert found.value == 880


def test_alignment_and_what_is_left_alone_hold(network: nn.Module) -> None:
    graph = channel_graph(network, IMAGE)
    aligned = LowestShare("network", OneShot(0.5), align=4)
    found = reach(target_parameters(97), network, graph, SCORES, aligned)
    assert found.value == 50
    with pytest.raises(SurgeryError, match="fits every layer"):
        reach(
            target_parameters(97), network, graph, SCORES,
            LowestShare("network", OneShot(0.5), leave_alone=("0",)),
        )  # fmt: skip


def test_latency_is_measured_with_what_is_handed_in(network: nn.Module) -> None:
    """A clock that takes a millisecond a unit; bisection asks it of few networks."""
    asked = []

    def clock(smaller: nn.Module) -> float:
        asked.append(smaller[0].out_channels)
        return float(smaller[0].out_channels)

    found = reach(
        target_latency_ms(5.0, clock), network, channel_graph(network, IMAGE), SCORES, CUT
    )
    assert found.value == 5.0
    assert len(found.removal) == 3
    assert len(asked) <= 5


def test_a_network_that_is_there_loses_nothing(network: nn.Module) -> None:
    found = reach(target_parameters(98), network, channel_graph(network, IMAGE), SCORES, CUT)
    assert (found.share, len(found.removal), found.value) == (0.0, 0, 98)


def test_out_of_reach_says_how_far_one_gets(network: nn.Module) -> None:
    graph = channel_graph(network, IMAGE)
    with pytest.raises(
        SurgeryError,
        match=r"13 parameters is out of reach: the smallest reachable is 14, with 7 of 8 units",
    ):
        reach(target_parameters(13), network, graph, SCORES, CUT)
    assert reach(target_parameters(14), network, graph, SCORES, CUT).value == 14


def test_a_target_of_nothing_is_refused() -> None:
    with pytest.raises(SurgeryError, match="a number of ms above 0; got 0"):
        Target(0.0, lambda _network: 1.0, "ms")


def test_the_stopwatch_runs_and_leaves_the_mode_alone(network: nn.Module) -> None:
    network.train()
    passes = []
    network.register_forward_hook(lambda module, *_: passes.append(module.training))
    assert median_ms(IMAGE, repeats=3, warm_up=2)(network) > 0.0
    assert passes == [False] * 5
    assert network.training


def test_the_stopwatch_waits_for_an_accelerator(
    network: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = []
    monkeypatch.setattr(torch.accelerator, "synchronize", waited.append)
    median_ms(IMAGE.to("meta"), repeats=3)(network.to("meta"))
    assert waited == [torch.device("meta")] * 6  # before and after each pass that is timed


def test_several_rounds_go_the_same_share_of_the_way_each(network: nn.Module) -> None:
    """98 to 50 in two rounds: sqrt(98 * 50) is 70, so 62 parameters, and then 50."""
    graph = channel_graph(network, IMAGE)
    half = reach(target_parameters(50), network, graph, SCORES, CUT, rounds=2)
    assert half.value == 62
    surgery = remove(network, graph, half.removal)
    left = worth(8, 7, 6, 5, 4)
    end = reach(target_parameters(50), surgery.network, surgery.graph, left, CUT, rounds=1)
    assert end.value == 50


@pytest.mark.parametrize("scope", ["layer", "network"])
@pytest.mark.parametrize("limit", [14, 15, 49, 97])
def test_the_last_round_ends_at_the_target_or_below(
    network: nn.Module, scope: str, limit: int
) -> None:
    cut, graph = LowestShare(scope, OneShot(0.5)), channel_graph(network, IMAGE)
    sizes = []
    for left in (5, 4, 3, 2, 1):
        scores = worth(*range(len(graph.layers[0]), 0, -1))
        found = reach(target_parameters(limit), network, graph, scores, cut, rounds=left)
        surgery = remove(network, graph, found.removal)
        network, graph = surgery.network, surgery.graph
        sizes.append(found.value)
    assert sizes == sorted(sizes, reverse=True)
    assert limit - 12 < sizes[-1] <= limit


def test_what_cannot_be_reached_is_refused_in_the_first_round(network: nn.Module) -> None:
    graph = channel_graph(network, IMAGE)
    with pytest.raises(SurgeryError, match="13 parameters is out of reach: the smallest re"):
        reach(target_parameters(13), network, graph, SCORES, CUT, rounds=5)


def test_a_target_takes_a_round(network: nn.Module) -> None:
    with pytest.raises(SurgeryError, match="rounds = 0"):
        reach(
            target_parameters(50), network, channel_graph(network, IMAGE), SCORES, CUT, rounds=0
        )
