"""What a network or an example that does not fit gets told: where, what, and what to do."""

import copy
import re
from collections.abc import Iterator

import pytest
import torch
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import channel_graph

THIS_FILE = r"test_graph_bad_input\.py:\d+"


class Classifier(nn.Module):
    """A stem and a block with BatchNorm, in training mode but for one frozen layer."""

    def __init__(self, block: nn.Module | None = None) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.block = block or nn.Sequential(nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3))
        self.head = nn.Linear(8, 2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.block(self.stem(images)).mean((2, 3)))


@pytest.fixture
def network() -> Iterator[nn.Module]:
    """Must be as it was, bit for bit and mode for mode, when a test ends."""
    torch.manual_seed(0)
    network = Classifier().train()
    network.block[0].eval()
    before = copy.deepcopy(network)
    yield network
    found, expected = network.state_dict(), before.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())
    modes = [[m.training for m in one.modules()] for one in (network, before)]
    assert modes[0] == modes[1]


IMAGE = torch.zeros(1, 3, 8, 8)


@pytest.mark.parametrize(
    ("example", "told"),
    [
        (
            torch.zeros(1, 1, 8, 8),
            r"Classifier does not run on an example of shape \(1, 1, 8, 8\), float32, on cpu: "
            rf".*to have 3 channels, but got 1.* \(in 'stem', {THIS_FILE}\); give one image as",
        ),
        (torch.zeros(1, 3, 2, 2), r"Kernel size.* \(in 'block.2', .*large enough for all pool"),
        (torch.zeros(3, 8, 8), r"with its batch axis, \(1, C, H, W\): example\[None\]"),
        (torch.zeros(1, 3, 8, 8, 8), r"of shape \(1, 3, 8, 8, 8\).*\(in 'stem'"),
        (IMAGE.double(), "the network's weights are float32, the example is float64"),
        (IMAGE.to(torch.uint8), "the network's weights are float32, the example is uint8"),
        (IMAGE[:0], r"holds one image, \(1, C, H, W\); got the shape \(0, 3, 8, 8\)"),
        (IMAGE.to("meta"), "Classifier is on cpu, the example on meta; move the example there"),
        (IMAGE.numpy(), r"an example is a tensor, \(1, C, H, W\); got a ndarray"),
        ((1, 3, 8, 8), r"an example is a tensor, .* got a tuple: try torch.zeros"),
    ],
)
def test_an_example_that_does_not_fit(network: nn.Module, example: object, told: str) -> None:
    with pytest.raises(SurgeryError, match=told):
        channel_graph(network, example)


def test_a_network_elsewhere_than_its_example(network: nn.Module) -> None:
    elsewhere = copy.deepcopy(network).to("meta")
    with pytest.raises(SurgeryError, match="Classifier is on meta, the example on cpu"):
        channel_graph(elsewhere, IMAGE)


@pytest.mark.parametrize(
    ("thing", "told"),
    [(lambda images: images, "got a function"), (Classifier, "got the class Classifier")],
)
def test_what_is_no_network(thing: object, told: str) -> None:
    with pytest.raises(SurgeryError, match=rf"a network is a torch.nn.Module; {told}"):
        channel_graph(thing, IMAGE)


def test_two_inputs() -> None:
    class Pair(Classifier):
        def forward(self, images: torch.Tensor, age: torch.Tensor) -> torch.Tensor:
            return super().forward(images) + age

    with pytest.raises(SurgeryError, match=r"Pair.forward takes images, age; one tensor"):
        channel_graph(Pair(), IMAGE)


def test_no_input_by_its_place() -> None:
    class Named(Classifier):
        def forward(self, **given: torch.Tensor) -> torch.Tensor:
            return super().forward(given["images"])

    with pytest.raises(SurgeryError, match=r"Named.forward takes nothing by its place"):
        channel_graph(Named(), IMAGE)


def test_an_input_that_may_be_left_out_is_given_all_the_same() -> None:
    class Optional(Classifier):
        def forward(self, images: torch.Tensor = None, age: object = None) -> torch.Tensor:
            assert age is None
            return super().forward(images)

    assert channel_graph(Optional(), IMAGE).layers


class Branching(nn.Module):
    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return maps * 2 if maps.mean() > 0 else maps


class Failing(nn.Module):
    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return maps.permute(*maps)  # a tensor is not a list of axes


def test_a_branch_on_values_is_named_with_its_module_and_line() -> None:
    told = (
        rf"Classifier branches on the values of a tensor \(in 'block.1', {THIS_FILE}\)"
        r".*\(torch.where.*torch.fx.wrap"
    )
    network = Classifier(nn.Sequential(nn.ReLU(), Branching()))
    with pytest.raises(SurgeryError, match=told):
        channel_graph(network, IMAGE)
    assert network.training


def test_whatever_else_tracing_trips_over_is_named_with_its_place() -> None:
    told = rf"Classifier cannot be traced by torch.fx \({THIS_FILE}\): Proxy object .*torch.fx"
    with pytest.raises(SurgeryError, match=told):
        channel_graph(Classifier(Failing()), IMAGE)


class Softmax(nn.Module):
    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return torch.softmax(maps, dim=1)


def test_an_operation_without_a_rule_is_noted_with_its_module_and_line() -> None:
    block = nn.Sequential(nn.Conv2d(8, 8, 1), Softmax(), nn.Conv2d(8, 8, 1))
    graph = channel_graph(Classifier(block), IMAGE)
    (note,) = graph.notes
    assert re.fullmatch(
        "softmax at 'softmax' works across its channels; its channels stay whole "
        rf"\(in 'block.1', {THIS_FILE}\)",
        note,
    )


def test_a_module_without_a_rule_is_noted_by_its_own_name() -> None:
    block = nn.Sequential(nn.Conv2d(8, 8, 1), nn.LocalResponseNorm(2), nn.Conv2d(8, 8, 1))
    (note,) = channel_graph(Classifier(block), IMAGE).notes
    assert note.startswith("LocalResponseNorm at 'block.1' has no rule")


def test_a_network_of_torchs_modules_alone_has_no_line_to_name() -> None:
    layers = (nn.Conv2d(3, 8, 1), nn.LayerNorm(8), nn.Conv2d(8, 2, 1), nn.Conv2d(2, 2, 1))
    (note,) = channel_graph(nn.Sequential(*layers), IMAGE).notes
    assert note.endswith("its channels stay whole")


def test_nothing_that_could_leave_is_refused_with_the_reasons() -> None:
    with pytest.raises(SurgeryError, match="all there are belong to its input or its output"):
        channel_graph(nn.Sequential(nn.Conv2d(3, 2, 1)), IMAGE)
    network = nn.Sequential(nn.Conv2d(3, 4, 1), Softmax(), nn.Conv2d(4, 2, 1))
    with pytest.raises(
        SurgeryError, match=rf"no channel .*\n  softmax at .*\(in '1', {THIS_FILE}"
    ):
        channel_graph(network, IMAGE)


def test_a_frozen_network_has_the_same_graph(network: nn.Module) -> None:
    frozen = copy.deepcopy(network).requires_grad_(requires_grad=False)
    assert [
        (layer.name, layer.units.tolist()) for layer in channel_graph(frozen, IMAGE).layers
    ] == [(layer.name, layer.units.tolist()) for layer in channel_graph(network, IMAGE).layers]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("sten", r"no layer 'sten' .*; did you mean 'stem'\?"),
        ("q", r"no layer 'q' .*; there are stem, block.2$"),
        ("block.0", r"'block.0' writes no units of its own; it hands on those of stem$"),
        ("head", r"the outputs of 'head' stay whole"),
    ],
)
def test_a_layer_that_cannot_lose_units(network: nn.Module, name: str, told: str) -> None:
    with pytest.raises(SurgeryError, match=told):
        channel_graph(network, IMAGE).layer(name)


def test_a_tied_layer_is_looked_up_by_the_first_that_writes_it(residual: nn.Module) -> None:
    graph = channel_graph(residual, torch.zeros(1, 1, 4, 4))
    with pytest.raises(SurgeryError, match=r"'branch' is tied to others: .* is 'stem'$"):
        graph.layer("branch")
