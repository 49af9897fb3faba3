"""Rounds: score, cut, remove, retrain, and on from where a run stopped."""

import torch
from torch import nn

from leanlung.pruning import (
    Apoz,
    ChannelGraph,
    LowestShare,
    OneShot,
    Steady,
    Surgery,
    UnitScores,
    channel_graph,
    prune,
    score_activations,
)

IMAGES = torch.randn(8, 1, 6, 6, generator=torch.Generator().manual_seed(0))


def score(network: nn.Module, graph: ChannelGraph) -> UnitScores:
    return score_activations(network, graph, [IMAGES], [Apoz()])["apoz"]


def as_it_is(surgery: Surgery, _number: int) -> nn.Module:
    return surgery.network


def wide_network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 20, 3), nn.ReLU(), nn.Conv2d(20, 10, 3), nn.ReLU(), nn.Conv2d(10, 2, 1)
    ).eval()


def test_the_widths_follow_the_schedule() -> None:
    network = wide_network()
    cut = LowestShare("layer", Steady(share=0.1, ceiling=0.5))
    rounds = list(
        prune(
            network,
            channel_graph(network, IMAGES[:1]),
            rounds=6,
            score=score,
            cut=cut,
            retrain=as_it_is,
        )
    )
    found = [[len(layer) for layer in round_.graph.layers] for round_ in rounds]
    assert found == [[18, 9], [16, 8], [14, 7], [12, 6], [10, 5], [10, 5]]
    assert not rounds[-1].removal
    assert rounds[-1].network is rounds[-2].network


def test_retraining_is_told_the_round_and_its_network_is_handed_on() -> None:
    network = wide_network()
    told = []

    def retrain(surgery: Surgery, number: int) -> nn.Module:
        told.append(number)
        with torch.no_grad():
            surgery.network[0].bias.fill_(float(number))
        return surgery.network

    cut = LowestShare("layer", Steady(share=0.1, ceiling=0.5))
    graph = channel_graph(network, IMAGES[:1])
    *_, last = prune(network, graph, rounds=3, score=score, cut=cut, retrain=retrain)
    assert told == [1, 2, 3]
    assert set(last.network[0].bias.tolist()) == {3.0}


def test_going_on_after_a_round_gives_what_an_unbroken_run_gives() -> None:
    network = wide_network()
    graph = channel_graph(network, IMAGES[:1])
    cut = LowestShare("network", Steady(share=0.1, ceiling=0.5))
    options = {"score": score, "cut": cut, "retrain": as_it_is}
    *_, unbroken = prune(network, graph, rounds=4, **options)
    *_, half = prune(network, graph, rounds=2, **options)
    again = channel_graph(half.network, IMAGES[:1])  # as after reading from the disk
    again = again.with_lineage(half.graph.originals, half.graph.kept)
    *_, resumed = prune(half.network, again, first=3, rounds=4, **options)
    assert resumed.graph.kept == unbroken.graph.kept
    for name, tensor in unbroken.network.state_dict().items():
        assert torch.equal(resumed.network.state_dict()[name], tensor)


def test_the_network_given_is_never_changed() -> None:
    network = wide_network()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    graph = channel_graph(network, IMAGES[:1])
    cut = LowestShare("layer", OneShot(0.5))
    list(prune(network, graph, rounds=1, score=score, cut=cut, retrain=as_it_is))
    assert all(torch.equal(before[name], t) for name, t in network.state_dict().items())
