"""Removing units gives exactly what zeroing everything that reads them would give."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import Removal, Surgery, channel_graph, remove

Trained = tuple[str, nn.Module, torch.Tensor]
Prove = Callable[..., Surgery]


def parameters_of(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_pruned_network_answers_as_the_whole_one_with_its_readers_zeroed(
    trained_like: Trained, prove: Prove
) -> None:
    _, network, images = trained_like
    surgery = prove(network, images)  # compares the two
    assert parameters_of(surgery.network) < parameters_of(network)


def test_it_holds_over_several_rounds_on_the_graph_handed_on(
    trained_like: Trained, prove: Prove
) -> None:
    _, network, images = trained_like
    first = prove(network, images, seed=1)
    second = prove(first.network, images, first.graph, seed=2)
    assert parameters_of(second.network) < parameters_of(first.network)


def test_the_graph_handed_on_is_the_one_read_anew(trained_like: Trained, prove: Prove) -> None:
    _, network, images = trained_like
    surgery = prove(network, images, seed=3)
    anew = channel_graph(surgery.network, images[:1])
    assert [(layer.name, len(layer)) for layer in surgery.graph.layers] == [
        (layer.name, len(layer)) for layer in anew.layers
    ]
    widths = {name: channels.width for name, channels in surgery.graph.channels.items()}
    assert widths == {name: channels.width for name, channels in anew.channels.items()}


def test_the_network_before_is_untouched(residual: nn.Module) -> None:
    before = {name: tensor.clone() for name, tensor in residual.state_dict().items()}
    graph = channel_graph(residual, torch.zeros(1, 1, 4, 4))
    smaller = remove(residual, graph, Removal({"stem": (0, 2)})).network
    for parameter in smaller.parameters():
        nn.init.zeros_(parameter)
    assert all(torch.equal(before[name], t) for name, t in residual.state_dict().items())


def test_the_layers_told_to_shrink_do(residual: nn.Module) -> None:
    graph = channel_graph(residual, torch.zeros(1, 1, 4, 4))
    surgery = remove(residual, graph, Removal({"stem": (0, 2)}))
    shapes = {name: tuple(p.shape) for name, p in surgery.network.named_parameters()}
    assert shapes["stem.weight"] == (2, 1, 1, 1)
    assert shapes["branch.weight"] == (2, 2, 1, 1)
    assert shapes["head.weight"] == (2, 2, 1, 1)
    assert torch.equal(surgery.network.stem.bias, residual.stem.bias[[1, 3]])
    assert surgery.graph.kept == {"stem": (1, 3)}
    assert surgery.graph.originals == {"stem": 4}


def test_what_was_kept_is_told_in_original_places_after_two_rounds(residual: nn.Module) -> None:
    graph = channel_graph(residual, torch.zeros(1, 1, 4, 4))
    once = remove(residual, graph, Removal({"stem": (0,)}))
    twice = remove(once.network, once.graph, Removal({"stem": (1,)}))
    assert twice.graph.kept == {"stem": (1, 3)}


def test_frozen_layers_stay_frozen(residual: nn.Module) -> None:
    residual.branch.requires_grad_(requires_grad=False)
    graph = channel_graph(residual, torch.zeros(1, 1, 4, 4))
    smaller = remove(residual, graph, Removal({"stem": (1,)})).network
    assert [p.requires_grad for p in smaller.parameters()] == [
        True,
        True,
        False,
        False,
        True,
        True,
    ]


def test_an_empty_removal_gives_an_equal_network(residual: nn.Module) -> None:
    graph = channel_graph(residual, torch.zeros(1, 1, 4, 4))
    surgery = remove(residual, graph, Removal({}))
    assert surgery.places == {}
    for name, tensor in residual.state_dict().items():
        assert torch.equal(surgery.network.state_dict()[name], tensor)


@pytest.mark.parametrize(
    ("units", "told"),
    [
        ({"stem": (0, 1, 2, 3)}, "layer 'stem' would be left without units"),
        ({"stem": (4,)}, "layer 'stem' has units 0 to 3; 4 is not there"),
        ({"stem": (-1,)}, "layer 'stem' has units 0 to 3; -1 is not there"),
        ({"head": (0,)}, "the outputs of 'head' stay whole: no unit of it"),
    ],
)
def test_an_impossible_removal_is_refused(
    residual: nn.Module, units: dict[str, tuple[int, ...]], told: str
) -> None:
    graph = channel_graph(residual, torch.zeros(1, 1, 4, 4))
    with pytest.raises(SurgeryError, match=told):
        remove(residual, graph, Removal(units))


def test_anothers_graph_is_refused(residual: nn.Module, three_units: nn.Module) -> None:
    graph = channel_graph(residual, torch.zeros(1, 1, 4, 4))
    with pytest.raises(SurgeryError, match="a layer 'stem' that this network has not"):
        remove(three_units, graph, Removal({"stem": (0,)}))


def test_an_outdated_graph_is_refused(residual: nn.Module) -> None:
    graph = channel_graph(residual, torch.zeros(1, 1, 4, 4))
    smaller = remove(residual, graph, Removal({"stem": (0,)})).network
    with pytest.raises(SurgeryError, match="has 3 rows; its graph knows 4 units"):
        remove(smaller, graph, Removal({"stem": (1,)}))


def test_a_large_weight_is_cut_as_a_small_one() -> None:
    """600 x 600 numbers are more than are cut at a time."""
    network = nn.Sequential(
        nn.Linear(3, 600), nn.ReLU(), nn.Linear(600, 600), nn.Linear(600, 2)
    )
    graph = channel_graph(network, torch.zeros(1, 3))
    first, second = tuple(range(0, 600, 3)), tuple(range(5, 500))
    smaller = remove(network, graph, Removal({"0": first, "2": second})).network
    rows, columns = [n for n in range(600) if n not in second], [*range(600)]
    expected = network[2].weight[rows][:, [n for n in columns if n % 3]]
    assert smaller[2].weight.shape == (105, 400)
    assert smaller[2].weight.is_contiguous()
    assert torch.equal(smaller[2].weight, expected)
