"""Layers whose units cost more lose more of them."""

import pytest
import torch
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.networks import size_of
from leanlung.pruning import (
    LowestShare,
    OneShot,
    Removal,
    Steady,
    UnitScores,
    channel_graph,
    reach,
    remove,
    target_parameters,
    unit_macs,
)


def scores(**widths: int) -> UnitScores:
    """Worth less the later they come."""
    return UnitScores("mine", {n: torch.arange(w, 0.0, -1.0) for n, w in widths.items()})


def left(cut: LowestShare, found: UnitScores, round_: int = 1, **original: int) -> list[int]:
    gone = cut(found, round_, original or {n: len(v) for n, v in found.by_layer.items()}).units
    return [len(v) - len(gone.get(n, ())) for n, v in found.by_layer.items()]


def test_a_dear_layer_keeps_its_share_more_than_once() -> None:
    """The geometric mean of 16 and 1 is 4; the root of 16/4 is 2, that of 1/4 is 0.5.

    Of a quarter that is kept, 0.25 ** 2 is 1/16 and 0.25 ** 0.5 is 1/2.
    """
    cut = LowestShare("layer", OneShot(0.75), costs={"a": 16.0, "b": 1.0}, tilt=0.5)
    assert left(cut, scores(a=16, b=16)) == [1, 8]


def test_only_the_ratios_of_costs_matter() -> None:
    dear = LowestShare("layer", OneShot(0.75), costs={"a": 16e9, "b": 1e9}, tilt=0.5)
    assert left(dear, scores(a=16, b=16)) == [1, 8]


@pytest.mark.parametrize(
    "options",
    [{"costs": {"a": 5.0, "b": 5.0}}, {"costs": {"a": 16.0, "b": 1.0}, "tilt": 0.0}, {}],
    ids=["equal costs", "no tilt", "no costs"],
)
def test_with_nothing_to_tilt_every_layer_loses_its_share(options: dict[str, object]) -> None:
    cut = LowestShare("layer", OneShot(0.25), **options)
    assert left(cut, scores(a=100, b=10)) == [75, 7]  # 2.5 of 10: a half rounds up


def test_over_rounds_nothing_drifts() -> None:
    """A quarter gone: 0.75 ** 2 of 16 is 9, 0.75 ** 0.5 is 13.86; a half: 4, and 11.3."""
    cut = LowestShare("layer", Steady(0.25, 0.5), costs={"a": 16.0, "b": 1.0}, tilt=0.5)
    assert left(cut, scores(a=16, b=16)) == [9, 14]
    assert left(cut, scores(a=9, b=14), 2, a=16, b=16) == [4, 11]


def test_the_lowest_go_and_bounds_hold() -> None:
    """A sixteenth of 16 would be 1; widths of multiples of 4, and 8 of c left alone."""
    cut = LowestShare(
        "layer",
        OneShot(0.75),
        align=4,
        leave_alone=("c",),
        costs={"a": 16.0, "b": 1.0},
        tilt=0.5,
    )
    found = scores(a=16, b=16, c=8)
    removal = cut(found, 1, {"a": 16, "b": 16, "c": 8})
    assert removal.units == {"a": tuple(range(4, 16)), "b": tuple(range(8, 16))}
    assert removal.spared == ("a",)


def test_all_gone_is_all_but_one() -> None:
    cut = LowestShare("layer", lambda _round: 1.0, costs={"a": 16.0, "b": 1.0})
    assert left(cut, scores(a=4, b=4)) == [1, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scope": "network", "costs": {"a": 1.0, "b": 1.0}}, "scope"),
        ({"scope": "layer", "costs": {"a": 1.0, "b": 1.0}, "tilt": -0.5}, "tilt"),
        ({"scope": "layer", "costs": {"a": 1.0, "b": 1.0}, "tilt": float("nan")}, "tilt"),
        ({"scope": "layer", "costs": {"a": 1.0}}, "'b' has a cost above 0; got None"),
        ({"scope": "layer", "costs": {"a": 1.0, "b": 0.0}}, "'b' has a cost above 0; got 0"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(SurgeryError, match=message):
        LowestShare(schedule=OneShot(0.5), **options)(scores(a=4, b=4), 1, {"a": 4, "b": 4})


def narrowing() -> nn.Module:
    """Like most: maps shrink, and their number grows."""
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(6 * 16, 2),
    )


def test_the_operations_of_a_unit_by_hand() -> None:
    """8 x 8 places of 9 weights to write a first map, 4 x 4 of 6 to read it: 576 + 96.

    For a second, 4 x 4 of 4 to write it, and 16 places of 2 weights to read it: 64 + 32.
    """
    network, image = narrowing(), torch.zeros(1, 1, 8, 8)
    graph = channel_graph(network, image)
    assert unit_macs(network, graph, image) == {"0": 672.0, "3": 96.0}
    assert network.training


@pytest.mark.parametrize("layer", ["0", "3"])
def test_as_many_leave_when_one_unit_does(layer: str) -> None:
    network, image = narrowing(), torch.zeros(1, 1, 8, 8)
    graph = channel_graph(network, image)
    smaller = remove(network, graph, Removal({layer: (1,)})).network
    saved = size_of(network, 8, 1).macs - size_of(smaller, 8, 1).macs
    assert saved == unit_macs(network, graph, image)[layer]


def test_a_unit_that_is_handed_on_takes_that_along() -> None:
    """16 places: 1 weight to write it, 9 of a depthwise convolution, 3 to read it."""
    network = nn.Sequential(
        nn.Conv2d(1, 4, 1), nn.Conv2d(4, 4, 3, padding=1, groups=4), nn.Conv2d(4, 3, 1)
    )
    image = torch.zeros(1, 1, 4, 4)
    graph = channel_graph(network, image)
    assert unit_macs(network, graph, image)["0"] == 16 * (1 + 9 + 3)


def test_at_the_same_number_of_parameters_fewer_operations_are_left() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(32, 32, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, stride=2, padding=1),
        nn.Conv2d(64, 64, 3),
        nn.Conv2d(64, 2, 1),
    )
    image = torch.zeros(1, 1, 16, 16)
    graph = channel_graph(network, image)
    found = scores(**{layer.name: len(layer) for layer in graph.layers})
    target = target_parameters(sum(p.numel() for p in network.parameters()) // 2)
    even = LowestShare("layer", OneShot(0.5))
    tilted = LowestShare("layer", OneShot(0.5), costs=unit_macs(network, graph, image))
    removals = [reach(target, network, graph, found, cut).removal for cut in (even, tilted)]
    macs = [size_of(remove(network, graph, one).network, 16, 1).macs for one in removals]
    assert macs[1] < 0.95 * macs[0]
