"""How many images it takes until a unit is known to vary, on networks made by hand."""

from __future__ import annotations

import random

import pytest
import torch
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import channel_graph
from leanlung.pruning.exact import images_needed, read_constants, remove_constants
from leanlung.pruning.exact.lossless import constant_by_layer


def thresholds() -> nn.Module:
    """Unit n of five fires where a pixel is above n; so image n wakes units up to n."""
    body = nn.Conv2d(1, 5, 1)
    with torch.no_grad():
        body.weight.fill_(1.0)
        body.bias = nn.Parameter(-torch.arange(5.0))
    head = nn.Conv2d(5, 2, 1)
    nn.init.constant_(head.weight, 0.1)
    return nn.Sequential(body, nn.ReLU(), head).eval()


def images() -> torch.Tensor:
    """Image n has one pixel of n + 0.5, all others 0."""
    given = torch.zeros(6, 1, 4, 4)
    for n in range(1, 6):
        given[n, 0, n % 4, 1] = n - 0.5
    return given


def test_the_number_of_images_is_counted_in_every_order() -> None:
    network = thresholds()
    graph = channel_graph(network, images()[:1])
    orders = [[0, 1, 2, 3, 4, 5], [5, 0, 1, 2, 3, 4], [3, 1, 0, 2, 4, 5]]
    found = list(images_needed(network, graph, images().split(4), (1, 2, 4, 6), orders))
    # By hand: image n makes units 0 to n - 1 vary, image 0 none.
    assert [(one.order, one.images, one.units) for one in found] == [
        (0, 1, 5), (0, 2, 4), (0, 4, 2), (0, 6, 0),
        (1, 1, 0), (1, 2, 0), (1, 4, 0), (1, 6, 0),
        (2, 1, 2), (2, 2, 2), (2, 4, 2), (2, 6, 0),
    ]  # fmt: skip
    assert found[0].constant == {"0": 5}
    # A unit: weight and bias here, two weights in its reader; one unit stays, and two biases.
    assert [one.parameters for one in found[:4]] == [4 + 2, 4 + 2, 3 * 4 + 2, 5 * 4 + 2]


def test_units_that_vary_later_are_missed_by_the_measure() -> None:
    network = thresholds()
    graph = channel_graph(network, images()[:1])
    with torch.no_grad():
        whole = network(images())

    def measure(smaller: nn.Module) -> float:
        with torch.no_grad():
            return -float((smaller(images()) - whole).abs().max())

    found = list(images_needed(network, graph, [images()], (1, 4, 6), [range(6)], measure))
    values = [one.measure for one in found if one.measure is not None]
    assert values == sorted(values)
    assert values[0] < values[1] < -0.01
    assert values[2] == pytest.approx(0.0, abs=1e-6)


def test_all_images_come_to_what_exact_removal_finds() -> None:
    torch.manual_seed(3)
    network = nn.Sequential(
        nn.Conv2d(1, 12, 3), nn.ReLU(), nn.Conv2d(12, 12, 3), nn.ReLU(),
        nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(48, 10), nn.ReLU(), nn.Linear(10, 2),
    ).eval()  # fmt: skip
    with torch.no_grad():
        for place in (0, 2, 6):
            bias = network.get_parameter(f"{place}.bias")
            bias.sub_(torch.linspace(0.0, 1.5, len(bias)))
    given = torch.randn(21, 1, 10, 10)
    graph = channel_graph(network, given[:1])
    batches = given.split(4)
    order = list(range(21))
    random.Random(0).shuffle(order)
    found = list(images_needed(network, graph, batches, (5, 21), [order, range(21)]))
    expected = constant_by_layer(graph, read_constants(network, graph, batches))
    assert sum(expected.values()) > 0
    assert found[1].constant == found[3].constant == expected
    removed = remove_constants(network, graph, batches, tolerance=None).surgery.network
    assert found[1].parameters == sum(p.numel() for p in removed.parameters())
    few = constant_by_layer(graph, read_constants(network, graph, [given[:5]]))
    assert found[2].constant == few


def test_counts_and_orders_that_do_not_fit_are_told() -> None:
    network = thresholds()
    graph = channel_graph(network, images()[:1])
    for counts in ((), (0, 2), (3, 2), (2, 7)):
        with pytest.raises(SurgeryError, match="ascending and from 1 to 6"):
            list(images_needed(network, graph, [images()], counts, [range(6)]))
    for order in (range(5), range(7), [9, 0, 1, 2, 3, 4], [0, 0, 1, 2, 3, 4]):
        with pytest.raises(SurgeryError, match="each place once was expected"):
            list(images_needed(network, graph, [images()], (1,), [order]))
