"""A specification builds the same architecture again, surgery included."""

import pytest
import torch

from leanlung.foundations.errors import NetworkError
from leanlung.networks import NetworkSpec, Width, build, widths_of
from leanlung.networks.backbones import BACKBONES


def test_what_json_holds_is_read_back_equal() -> None:
    spec = NetworkSpec("vgg16", 3, head="radiograph", widths={"trunk.0": Width(3, 60, 1)})
    assert NetworkSpec.from_dict(spec.as_dict()) == spec


def test_widths_are_applied_when_building() -> None:
    widths = {
        "trunk.1": Width(3, 5, 1),
        "trunk.2": Width(5, 5, 1),
        "trunk.4": Width(5, 5, 5),
        "trunk.5": Width(5, 128, 1),
    }
    network = build(NetworkSpec("separable_cnn", classes=2, widths=widths))
    found = widths_of(network)
    assert {name: found[name] for name in widths} == widths
    assert network.trunk[4].weight.shape == (5, 1, 5, 5)


def test_an_unknown_backbone_is_named_with_its_neighbour() -> None:
    with pytest.raises(NetworkError, match=r"no backbone 'vgg_16'.*did you mean 'vgg16'\?"):
        build(NetworkSpec("vgg_16", classes=2))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"classes": 1}, "classes of a network must be at least 2; got 1"),
        ({"classes": 2, "size": 8}, "size of a network must be at least 16; got 8"),
        ({"classes": 2, "channels": 0}, "channels of a network must be at least 1; got 0"),
        ({"classes": 2, "dropout": 1.0}, r"dropout is a share in \[0, 1\); got 1.0"),
    ],
)
def test_impossible_specifications_are_refused(fields: dict, told: str) -> None:
    with pytest.raises(NetworkError, match=told):
        NetworkSpec("vgg16", **fields)


@pytest.mark.parametrize(
    "value", [{}, {"backbone": "vgg16"}, {"widths": {"trunk.0": [1, 2]}, "backbone": "vgg16"}]
)
def test_a_damaged_specification_is_refused(value: dict) -> None:
    with pytest.raises(NetworkError, match="not a network specification"):
        NetworkSpec.from_dict(value)


@pytest.mark.parametrize("name", BACKBONES)
def test_every_backbone_keeps_its_promises(name: str) -> None:
    entry = BACKBONES[name]
    assert entry.name == name
    assert entry.about
    with torch.device("meta"):
        given = entry.trunk(1)(torch.zeros(2, 1, 96, 96))
    maps = given if isinstance(given, torch.Tensor) else given[-1]
    assert maps.shape[1] == entry.maps
