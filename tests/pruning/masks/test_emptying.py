"""Units that a mask has left nothing of leave, if and only if no answer changes."""

import pytest
import torch
from torch import nn

from leanlung.pruning import Removal, channel_graph, magnitude, remove
from leanlung.pruning.masks import EmptyUnits, empty_units, impose, keep_largest, kernels


def images(size: int = 7) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4, 1, size, size, generator=generator, dtype=torch.float64)


def chain(activation: nn.Module, *, normalised: bool = True) -> nn.Module:
    """Five units; the filters of 1, 2 and 3 are zero."""
    torch.manual_seed(0)
    between = nn.BatchNorm2d(5) if normalised else nn.Identity()
    network = nn.Sequential(
        nn.Conv2d(1, 5, 3, padding=1), between, activation, nn.Conv2d(5, 2, 3, padding=1)
    )
    with torch.no_grad():
        network[0].weight[1:4] = 0.0
    return network.double().eval()


def emptied(network: nn.Module, given: torch.Tensor) -> tuple[EmptyUnits, nn.Module]:
    graph = channel_graph(network, given[:1])
    found = empty_units(network, graph, given.split(2))
    return found, remove(network, graph, found.removal).network


def test_a_zero_filter_leaves_if_its_bias_is_silenced() -> None:
    network = chain(nn.ReLU(), normalised=False)
    with torch.no_grad():
        network[0].bias.copy_(torch.tensor([1.0, 0.0, -2.0, 0.5, 1.0]))
    found, smaller = emptied(network, images())
    assert found.removal.units == {"0": (1, 2)}  # 0 and -2 give 0, 0.5 does not
    assert found.constant == {"0": (3,)}
    torch.testing.assert_close(smaller(images()), network(images()), rtol=0, atol=1e-15)


def test_batchnorm_decides_what_a_zero_filter_gives() -> None:
    """(bias - mean) / 1 * scale + shift: -1, 0.5 - 0.5 = 0 and 1 for units 1, 2 and 3."""
    network = chain(nn.ReLU())
    with torch.no_grad():
        network[0].bias.copy_(torch.tensor([0.0, 1.0, 2.0, 3.0, 0.0]))
        network[1].running_mean.copy_(torch.tensor([0.0, 3.0, 1.5, 2.0, 0.0]))
        network[1].running_var.fill_(1.0 - network[1].eps)
        network[1].bias.copy_(torch.tensor([0.0, 1.0, -0.5, 0.0, 0.0]))
    found, smaller = emptied(network, images())
    assert found.removal.units == {"0": (1, 2)}
    assert found.constant == {"0": (3,)}
    torch.testing.assert_close(smaller(images()), network(images()), rtol=0, atol=1e-15)


def test_behind_an_activation_that_lets_negatives_through_only_zero_is_silent() -> None:
    network = chain(nn.LeakyReLU(), normalised=False)
    with torch.no_grad():
        network[0].bias.copy_(torch.tensor([1.0, 0.0, -2.0, 0.5, 1.0]))
    found, _ = emptied(network, images())
    assert found.removal.units == {"0": (1,)}
    assert found.constant == {"0": (2, 3)}


def test_removing_a_speaking_unit_would_change_answers() -> None:
    """Why such units stay: naive removal loses their constant."""
    network = chain(nn.ReLU(), normalised=False)
    with torch.no_grad():
        network[0].bias.fill_(1.0)
    graph = channel_graph(network, images()[:1])
    found = empty_units(network, graph, [images()])
    assert not found.removal
    assert found.constant == {"0": (1, 2, 3)}
    naive = remove(network, graph, Removal({"0": (1, 2, 3)})).network
    assert (naive(images()) - network(images())).abs().max() > 0.05


def test_a_unit_nobody_reads_leaves_whatever_it_says() -> None:
    network = chain(nn.ReLU(), normalised=False)
    with torch.no_grad():
        network[0].weight.fill_(0.3)
        network[3].weight[:, 4] = 0.0
    found, smaller = emptied(network, images())
    assert found.removal.units == {"0": (4,)}
    assert found.constant == {}
    torch.testing.assert_close(smaller(images()), network(images()), rtol=0, atol=1e-15)


def test_a_filter_that_one_writer_of_a_sum_still_has_stays(residual: nn.Module) -> None:
    """stem and branch write the same units; unit 2 is empty in both, unit 1 in stem alone."""
    with torch.no_grad():
        for layer in (residual.stem, residual.branch):
            layer.bias.fill_(-1.0)
            layer.weight[2] = 0.0
        residual.stem.weight[1] = 0.0
        residual.branch.weight[1] = 5.0
    network = residual.double()
    found, smaller = emptied(network, images())
    assert found.removal.units == {"stem": (2,)}
    torch.testing.assert_close(smaller(images()), network(images()), rtol=0, atol=1e-15)


def test_a_layer_with_nothing_left_keeps_a_unit_and_is_named() -> None:
    network = chain(nn.ReLU(), normalised=False)
    with torch.no_grad():
        network[0].weight.zero_()
        network[0].bias.fill_(-1.0)
    found, smaller = emptied(network, images())
    assert found.removal.units == {"0": (1, 2, 3, 4)}
    assert found.removal.spared == ("0",)
    assert torch.equal(smaller(images()), network(images()))


def test_flattened_and_grouped_readers_are_looked_at_place_by_place() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 1, groups=2), nn.ReLU(),
        nn.Flatten(), nn.Linear(4 * 25, 2),
    ).double().eval()  # fmt: skip
    with torch.no_grad():
        for layer in (network[0], network[2]):
            layer.bias.fill_(-0.01)
        network[0].weight[[1, 3]] = 0.0  # the same place of both groups
        network[2].weight[[0, 2]] = 0.0
    found, smaller = emptied(network, images())
    assert found.removal.units == {"0": (1,), "2": (0,)}
    assert smaller[5].in_features == 50
    torch.testing.assert_close(smaller(images()), network(images()), rtol=0, atol=1e-15)


def test_a_magnitude_mask_at_ninety_nine_percent_empties_units_exactly() -> None:
    """Over rounds, as units that leave may leave others without readers."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.BatchNorm2d(16), nn.ReLU(),
        nn.Conv2d(16, 16, 3), nn.ReLU(), nn.Conv2d(16, 2, 1),
    ).double().eval()  # fmt: skip
    with torch.no_grad():
        network[1].bias.fill_(-0.1)
        network[1].weight.fill_(0.5)
        network[3].bias.fill_(-0.1)
    impose(network, keep_largest(magnitude(network, kernels(network)), 0.97))
    expected, left, gone = network(images()), network, []
    while True:
        found, smaller = emptied(left, images())
        if not found.removal:
            break
        gone.append(len(found.removal))
        left = smaller
        torch.testing.assert_close(left(images()), expected, rtol=0, atol=1e-14)
    assert sum(gone) > 16
    assert len(gone) > 1


@pytest.mark.parametrize("training", [True, False])
def test_the_network_is_left_as_it_was(training: bool) -> None:
    network = chain(nn.ReLU())
    network.train(training)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    empty_units(network, channel_graph(network, images()[:1]), [images()])
    assert network.training is training
    assert not network[0]._forward_pre_hooks
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name])
