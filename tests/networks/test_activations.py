"""The activation of the separable CNN may be chosen; of other trunks it is theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from leanlung.foundations.errors import NetworkError
from leanlung.networks import NetworkSpec, build
from leanlung.networks.activations import ACTIVATIONS
from leanlung.networks.build import outline
from leanlung.pruning import channel_graph

if TYPE_CHECKING:
    from leanlung.networks.spec import Activation

KINDS: dict[Activation, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}


def spec(activation: Activation, backbone: str = "separable_cnn") -> NetworkSpec:
    return NetworkSpec(backbone, classes=2, size=32, activation=activation)


@pytest.mark.parametrize("activation", KINDS)
def test_every_step_of_the_trunk_has_it_and_nothing_else_changes(
    activation: Activation,
) -> None:
    torch.manual_seed(0)
    network = build(spec(activation))
    torch.manual_seed(0)
    usual = build(NetworkSpec("separable_cnn", classes=2, size=32))
    assert sum(type(layer) is KINDS[activation] for layer in network.trunk.modules()) == 3
    ours, theirs = network.state_dict(), usual.state_dict()
    assert list(ours) == list(theirs)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_units_are_followed_and_scored_at_any_of_them() -> None:
    image = torch.zeros(1, 3, 32, 32)
    usual = channel_graph(build(spec("relu")), image)
    assert set(KINDS) == set(ACTIVATIONS)
    for activation in KINDS:
        graph = channel_graph(build(spec(activation)), image)
        assert graph.originals == usual.originals


def test_a_specification_is_read_back_with_it_and_without_it_from_before() -> None:
    written = spec("elu").as_dict()
    assert NetworkSpec.from_dict(written).activation == "elu"
    del written["activation"]
    assert NetworkSpec.from_dict(written).activation == "relu"


def test_other_trunks_keep_theirs() -> None:
    with pytest.raises(NetworkError, match="vgg16 comes with its own"):
        outline(spec("elu", "vgg16"))
    with pytest.raises(NetworkError, match="no activation 'swish'"):
        build(spec("swish"))  # type: ignore[arg-type]
