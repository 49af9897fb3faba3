"""Every criterion that has a name keeps what all of them promise."""

import typing

import pytest
import torch
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import CRITERIA, channel_graph, score_activations, score_units
from leanlung.pruning.scores.activations import ActivationScore
from leanlung.runs.recipe import PruneSection


@pytest.fixture(params=list(CRITERIA))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_a_recipe_can_ask_for_every_criterion_and_no_other() -> None:
    asked = typing.get_args(PruneSection.model_fields["criterion"].annotation)
    assert list(asked) == list(CRITERIA)


def test_it_is_listed_by_its_own_name_and_says_what_it_is(name: str) -> None:
    assert CRITERIA[name]().name == name
    told = CRITERIA[name].__doc__ or ""
    assert told.splitlines()[0].endswith(".")
    assert "Source:" in told


def blocks() -> tuple[nn.Module, list[tuple[torch.Tensor, torch.Tensor]]]:
    """A convolution with BatchNorm, a linear bottleneck, and logits."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 4, 1),
        nn.Conv2d(4, 5, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(5, 2),
    )  # fmt: skip
    nn.init.normal_(network[1].weight)
    images, labels = torch.randn(6, 1, 8, 8), torch.arange(6) % 2
    return network.eval(), list(zip(images.split(3), labels.split(3), strict=True))


def test_every_unit_of_every_layer_has_a_finite_score_of_its_own(name: str) -> None:
    network, batches = blocks()
    graph = channel_graph(network, batches[0][0][:1])
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    found = score_units(network, graph, iter(batches), CRITERIA[name]())
    assert found.criterion == name
    assert {layer: len(one) for layer, one in found.by_layer.items()} == {
        "0": 6,
        "3": 4,
        "4": 5,
    }
    for values in found.by_layer.values():
        assert values.dtype == torch.float64
        assert values.device.type == "cpu"
        assert (values >= 0).all()
        assert len(set(values.tolist())) > 1
    for key, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[key])
    again = score_units(network, graph, iter(batches), CRITERIA[name]())
    for layer, values in found.by_layer.items():
        assert torch.equal(again.by_layer[layer], values)


@pytest.mark.parametrize(
    "name", [name for name, kind in CRITERIA.items() if isinstance(kind(), ActivationScore)]
)
def test_an_activation_that_is_not_a_number_is_refused_with_its_layer(name: str) -> None:
    network, ((images, _), _) = blocks()
    graph = channel_graph(network, images[:1])
    images[1, 0, 4, 4] = torch.nan
    with pytest.raises(SurgeryError, match=r"layer '0' fires with nan .* image 1 of its batch"):
        score_activations(network, graph, [images], [CRITERIA[name]()])


def test_an_infinite_activation_is_refused_too() -> None:
    network, ((images, _), _) = blocks()
    graph = channel_graph(network, images[:1])
    network[0].bias.data.fill_(torch.inf)
    with pytest.raises(SurgeryError, match=r"layer '0' fires with"):
        score_activations(network, graph, [images], [CRITERIA["apoz"]()])
