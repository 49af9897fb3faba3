"""An optimiser goes on after surgery as if the removed units had never been."""

import pytest
import torch
from torch import nn, optim

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import Removal, carry, channel_graph, remove

OPTIMISERS = {
    "sgd": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adamw": lambda p: optim.AdamW(p, lr=0.01),
    "adam": lambda p: optim.Adam(p, lr=0.01, amsgrad=True),
    "rmsprop": lambda p: optim.RMSprop(p, lr=0.01, momentum=0.5),
}


def trained(network: nn.Module, make: object) -> optim.Optimizer:
    optimiser = make(network.parameters())
    images = torch.randn(3, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    for _ in range(2):
        optimiser.zero_grad()
        network(images).square().mean().backward()
        optimiser.step()
    return optimiser


@pytest.mark.parametrize("name", OPTIMISERS)
def test_state_is_cut_as_its_parameter_was(residual: nn.Module, name: str) -> None:
    optimiser = trained(residual, OPTIMISERS[name])
    graph = channel_graph(residual, torch.zeros(1, 1, 4, 4))
    surgery = remove(residual, graph, Removal({"stem": (0, 2)}))
    carried = carry(optimiser, residual, surgery)
    assert type(carried) is type(optimiser)
    for key, value in optimiser.state[residual.branch.weight].items():
        found = carried.state[surgery.network.branch.weight][key]
        expected = value[[1, 3]][:, [1, 3]] if value.ndim else value
        assert torch.equal(found, expected), key
    for key, value in optimiser.state[residual.head.bias].items():
        assert torch.equal(carried.state[surgery.network.head.bias][key], value), key


@pytest.mark.parametrize("name", OPTIMISERS)
def test_the_next_step_is_that_of_the_whole_network_with_its_readers_zeroed(
    residual: nn.Module, name: str
) -> None:
    """With equal gradients, kept parameters move exactly as they would have moved."""
    optimiser = trained(residual, OPTIMISERS[name])
    graph = channel_graph(residual, torch.zeros(1, 1, 4, 4))
    surgery = remove(residual, graph, Removal({"stem": (0, 2)}))
    carried = carry(optimiser, residual, surgery)
    for network, step in ((residual, optimiser), (surgery.network, carried)):
        for parameter in network.parameters():
            parameter.grad = torch.ones_like(parameter)
        step.step()
    torch.testing.assert_close(
        surgery.network.branch.weight, residual.branch.weight[[1, 3]][:, [1, 3]]
    )
    torch.testing.assert_close(surgery.network.head.weight, residual.head.weight[:, [1, 3]])


def test_all_parameters_of_the_smaller_network_are_held(residual: nn.Module) -> None:
    optimiser = trained(residual, OPTIMISERS["sgd"])
    graph = channel_graph(residual, torch.zeros(1, 1, 4, 4))
    surgery = remove(residual, graph, Removal({"stem": (0,)}))
    carried = carry(optimiser, residual, surgery)
    held = [id(p) for group in carried.param_groups for p in group["params"]]
    assert held == [id(p) for p in surgery.network.parameters()]


def test_groups_keep_their_settings(residual: nn.Module) -> None:
    optimiser = optim.SGD(
        [
            {"params": [residual.stem.weight], "lr": 0.5},
            {"params": [residual.head.weight], "weight_decay": 0.25},
        ],
        lr=0.1,
        momentum=0.9,
    )
    graph = channel_graph(residual, torch.zeros(1, 1, 4, 4))
    surgery = remove(residual, graph, Removal({"stem": (0,)}))
    first, second = carry(optimiser, residual, surgery).param_groups
    assert (first["lr"], second["lr"], second["weight_decay"]) == (0.5, 0.1, 0.25)
    assert first["params"][0] is surgery.network.stem.weight


def test_the_old_optimiser_is_untouched(residual: nn.Module) -> None:
    optimiser = trained(residual, OPTIMISERS["adamw"])
    graph = channel_graph(residual, torch.zeros(1, 1, 4, 4))
    surgery = remove(residual, graph, Removal({"stem": (0,)}))
    before = optimiser.state[residual.head.bias]["exp_avg"].clone()
    carried = carry(optimiser, residual, surgery)
    carried.state[surgery.network.head.bias]["exp_avg"].zero_()
    assert torch.equal(optimiser.state[residual.head.bias]["exp_avg"], before)


def test_an_optimiser_of_another_network_is_refused(residual: nn.Module) -> None:
    graph = channel_graph(residual, torch.zeros(1, 1, 4, 4))
    surgery = remove(residual, graph, Removal({"stem": (0,)}))
    stranger = optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1)
    with pytest.raises(
        SurgeryError, match="2 of the 2 parameters this optimiser holds are not"
    ):
        carry(stranger, residual, surgery)
