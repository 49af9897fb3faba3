"""A quick copy of a network is the copy that copy.deepcopy would make."""

import copy
from collections import OrderedDict

import pytest
import torch
from torch import nn

from leanlung.networks import NetworkSpec, build
from leanlung.pruning.copying import copied_network


class Odd(nn.Module):
    """Holds things in all the ways modules do."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 2)
        self.again = self.first  # one module by two names
        self.hidden = [nn.Linear(2, 2)]  # not registered
        self.tied = nn.Linear(2, 2)
        self.tied.weight = self.first.weight
        self.register_buffer("whole", torch.rand(2, 2))
        self.register_buffer("part", self.whole[0])  # shares its memory
        self.way = self.tied.forward  # bound
        self.options = {"sizes": [1, 2], "by": {"name": (1, [2])}, 3: "three"}
        self.names, self.pairs = {"a", "b"}, (self.first, 1)
        self.same = self.options["sizes"]
        self.device = torch.device("cpu")
        self.first.register_forward_hook(scream)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.way(self.again(images))


class OwnWay(nn.Linear):
    """Says itself how it is copied."""

    def __deepcopy__(self, memo: dict[int, object]) -> "OwnWay":
        fresh = OwnWay(self.in_features, self.out_features)
        fresh.weight = copy.deepcopy(self.weight, memo)
        fresh.said = True
        return fresh


class OwnState(nn.Sequential):
    """Looks at its children while it takes its state."""

    def __setstate__(self, state: dict[str, object]) -> None:
        super().__setstate__(state)
        self.seen = [tuple(p.shape) for p in self.parameters()]


def scream(_module: nn.Module, _given: object, found: torch.Tensor) -> torch.Tensor:
    return found + 1


@pytest.mark.parametrize("name", ["separable_cnn", "densenet121", "inception_resnet_v2"])
def test_it_is_the_same_in_every_number(name: str) -> None:
    network = build(NetworkSpec(name, 2, size=96)).eval()
    made, expected = copied_network(network, {}), copy.deepcopy(network)
    assert list(made.state_dict()) == list(expected.state_dict())
    for own, tensor in made.state_dict().items():
        assert torch.equal(tensor, expected.state_dict()[own])
    for mine, theirs in zip(made.modules(), expected.modules(), strict=True):
        assert type(mine) is type(theirs)
        assert list(vars(mine)) == list(vars(theirs))
        simple = {k: v for k, v in vars(mine).items() if isinstance(v, int | str | tuple)}
        assert simple == {k: v for k, v in vars(theirs).items() if k in simple}


def test_nothing_is_shared_with_the_network_before() -> None:
    network = Odd()
    made = copied_network(network, {})
    old = {id(one) for one in network.modules()} | {id(one) for one in network.parameters()}
    assert not old & ({id(m) for m in made.modules()} | {id(p) for p in made.parameters()})
    made.options["sizes"].append(3)
    made.options["by"]["name"][1].append(4)
    made.names.add("c")
    made.first.register_forward_hook(scream)
    made.register_forward_pre_hook(lambda *_: None)
    assert network.options == {"sizes": [1, 2], "by": {"name": (1, [2])}, 3: "three"}
    assert network.names == {"a", "b"}
    assert len(network.first._forward_hooks) == 1
    assert not network._forward_pre_hooks


def test_what_was_one_thing_is_one_thing() -> None:
    made = copied_network(Odd(), {})
    assert made.again is made.first
    assert made.pairs[0] is made.first
    assert made.tied.weight is made.first.weight
    assert made.part.data_ptr() == made.whole.data_ptr()
    assert made.same is made.options["sizes"]
    assert made.way.__self__ is made.tied


def test_it_runs_hooks_included() -> None:
    network, images = Odd(), torch.rand(3, 2)
    made = copied_network(network, {})
    assert torch.equal(made(images), network(images))
    with torch.no_grad():
        made.first.weight.zero_()  # what is tied in the copy follows, the original does not
    assert torch.equal(made(images), made.tied.bias.expand(3, 2))
    assert network.first.weight.any()


def test_a_class_with_its_own_way_goes_it() -> None:
    network = nn.Sequential(OwnWay(2, 3), OwnState(nn.Linear(3, 1)))
    made = copied_network(network, {})
    assert made[0].said
    assert made[1].seen == [(1, 3), (1,)]
    assert torch.equal(made[0].weight, network[0].weight)
    assert copied_network(network[0], {}).said  # on top as well


def test_what_is_ready_is_taken() -> None:
    network = nn.Sequential(nn.Linear(2, 3))
    ready = nn.Parameter(torch.zeros(1, 2))
    given = {id(network[0].weight): ready}
    assert copied_network(network, given)[0].weight is ready
    assert len(given) == 1


def test_modes_and_frozen_parameters_stay() -> None:
    network = nn.Sequential(OrderedDict(a=nn.Linear(2, 2), b=nn.BatchNorm1d(2))).eval()
    network.a.train().weight.requires_grad_(requires_grad=False)
    made = copied_network(network, {})
    assert [m.training for m in made.modules()] == [False, True, False]
    assert [p.requires_grad for p in made.parameters()] == [False, True, True, True]
