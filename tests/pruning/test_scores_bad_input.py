"""What images, labels, criteria and graphs that do not fit get told."""

import copy
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import (
    CRITERIA,
    L2,
    Apoz,
    OwnActivation,
    OwnFilter,
    Removal,
    Taylor,
    channel_graph,
    remove,
    score_activations,
    score_filters,
    score_gradients,
    score_units,
)

IMAGES = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 1, 1, 0])


def made() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 4, 1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2),
    ).train()  # fmt: skip


@pytest.fixture
def network() -> Iterator[nn.Module]:
    """Must be as it was when a test ends."""
    network = made()
    yield network
    for (name, found), expected in zip(
        network.state_dict().items(), made().state_dict().values(), strict=True
    ):
        assert torch.equal(found, expected), name
    assert all(module.training for module in network.modules())


@pytest.mark.parametrize(
    ("batches", "told"),
    [
        (
            [IMAGES, IMAGES[:, :1]],
            r"Sequential does not run on batch 2, \(4, 1, 8, 8\), float32: .*to have 3 channels"
            r".* \(at '0'\); give images as its graph was read with",
        ),
        ([IMAGES.double()], r"does not run on batch 1, \(4, 3, 8, 8\), float64"),
        ([IMAGES.to("meta")], r"Sequential is on cpu, batch 1, .* on meta; move the images"),
        ([(IMAGES, LABELS)], r"batch 1 is a tuple; a tensor of images, \(N, C, H, W\)"),
        ([], "no images to score units on; give at least one batch"),
    ],
)
def test_images_that_do_not_fit(network: nn.Module, batches: list, told: str) -> None:
    graph = channel_graph(network, IMAGES[:1])
    with pytest.raises(SurgeryError, match=told):
        score_activations(network, graph, batches, [Apoz()])


@pytest.mark.parametrize(
    ("batch", "told"),
    [
        ((IMAGES[:, :1], LABELS), r"does not run on batch 1, \(4, 1, 8, 8\)"),
        (IMAGES, "batch 1 is a Tensor; a pair of images"),
        ((IMAGES, [0, 1, 1, 0]), "batch 1 is a tuple; a pair of images"),
        (
            (IMAGES, LABELS + 7),
            r"the loss of batch 1 cannot .* \(logits \(4, 2\), labels \(4,\)\); do labels",
        ),
        ((IMAGES, LABELS[:3]), r"the loss of batch 1 cannot .*labels \(3,\)"),
    ],
)
def test_labelled_images_that_do_not_fit(network: nn.Module, batch: tuple, told: str) -> None:
    graph = channel_graph(network, IMAGES[:1])
    with pytest.raises(SurgeryError, match=told):
        score_gradients(network, graph, [batch], [Taylor()])


def test_the_message_is_not_buried_under_the_program(network: nn.Module) -> None:
    graph = channel_graph(network, IMAGES[:1])
    with pytest.raises(SurgeryError) as caught:
        score_activations(network, graph, [IMAGES * torch.nan], [Apoz()])
    assert "\n" not in str(caught.value)


def test_a_mistake_in_a_function_of_ones_own_comes_as_it_is(network: nn.Module) -> None:
    graph = channel_graph(network, IMAGES[:1])
    mine = OwnActivation("mine", lambda activation: activation.no_such_thing())
    with pytest.raises(AttributeError, match="no_such_thing"):
        score_activations(network, graph, [IMAGES], [mine])


Way = Callable[[nn.Module, object, list], object]
WAYS: dict[str, tuple[Way, object, object]] = {
    "activations": (
        lambda net, graph, criteria: score_activations(net, graph, [IMAGES], criteria),
        Apoz,
        L2(),
    ),
    "filters": (lambda net, graph, criteria: score_filters(net, graph, criteria), L2, Apoz()),
    "gradients": (
        lambda net, graph, criteria: score_gradients(net, graph, [(IMAGES, LABELS)], criteria),
        Taylor,
        L2(),
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_criteria_of_another_kind(network: nn.Module, way: str) -> None:
    score, kind, other = WAYS[way]
    graph = channel_graph(network, IMAGES[:1])
    with pytest.raises(SurgeryError, match=rf"'{other.name}' does not look at {way}; .*units"):
        score(network, graph, [kind(), other])
    with pytest.raises(
        SurgeryError, match=rf"{kind.__name__} is a class; .*{kind.__name__}\(\)"
    ):
        score(network, graph, [kind])
    with pytest.raises(SurgeryError, match=f"two criteria are named '{kind().name}'"):
        score(network, graph, [kind(), kind()])


@pytest.mark.parametrize("way", WAYS)
def test_a_graph_of_another_network(network: nn.Module, way: str) -> None:
    score, kind, _ = WAYS[way]
    graph = channel_graph(network, IMAGES[:1])
    with pytest.raises(
        SurgeryError, match="the graph has a layer '1' that this network has not"
    ):
        score(nn.Sequential(nn.Conv2d(3, 6, 3)), graph, [kind()])
    smaller = remove(network, graph, Removal({"0": (1, 2)})).network
    with pytest.raises(
        SurgeryError, match="'0' has 3 inputs and 4 outputs; its graph knows 3 inputs and 6"
    ):
        score(smaller, graph, [kind()])


@pytest.mark.parametrize(
    ("criterion", "told"),
    [
        (
            OwnActivation("mine", lambda activation: activation.flatten(2).sum(2) * torch.nan),
            "layer '0' has the mine score nan",
        ),
        (
            OwnFilter("mine", lambda weight: weight.flatten(1).sum(1) * torch.inf),
            "criterion 'mine' gives -?inf for filter 0",
        ),
    ],
)
def test_a_score_that_is_not_a_number(network: nn.Module, criterion: object, told: str) -> None:
    graph = channel_graph(network, IMAGES[:1])
    with pytest.raises(SurgeryError, match=told):
        score_units(network, graph, [(IMAGES, LABELS)], criterion)


@pytest.mark.parametrize("name", CRITERIA)
def test_a_frozen_network_is_scored_and_cut_as_any_other(network: nn.Module, name: str) -> None:
    frozen = copy.deepcopy(network).requires_grad_(requires_grad=False)
    graph = channel_graph(network, IMAGES[:1])
    found, expected = (
        score_units(one, graph, [(IMAGES, LABELS)], CRITERIA[name]()).by_layer
        for one in (frozen, network)
    )
    assert all(torch.equal(found[layer], values) for layer, values in expected.items())
    smaller = remove(frozen, graph, Removal({"0": (0, 3)})).network
    assert smaller[0].out_channels == 4
    assert not any(parameter.requires_grad for parameter in smaller.parameters())
