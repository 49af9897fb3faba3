"""Mean activation is the mean size of what a unit gives."""

import pytest
import torch
from torch import nn

from leanlung.pruning import Apoz, MeanActivation, channel_graph, score_activations


def tallied(*batches: torch.Tensor) -> torch.Tensor:
    tally = MeanActivation().tally()
    for batch in batches:
        tally.add(batch)
    return tally.value()


def test_three_units_by_hand(three_units: nn.Module) -> None:
    images = torch.tensor([[3.0, 2.0], [-1.0, -1.0]]).view(1, 1, 2, 2)
    graph = channel_graph(three_units, images)
    found = score_activations(three_units, graph, [images], [MeanActivation()])
    assert found["mean_activation"].by_layer["0"].tolist() == [1.0, 5 / 4, 0.0]


def test_what_cancels_is_not_worthless() -> None:
    assert tallied(torch.tensor([[-2.0, 2.0]]).view(1, 1, 2)).tolist() == [2.0]


def test_images_of_both_kinds_of_batch_count_alike() -> None:
    """A batch with a negative value is added up in another way."""
    activation = torch.tensor([-1.0, 3.0, 5.0]).view(3, 1, 1)
    assert tallied(*activation.split(1)).tolist() == [3.0]


@pytest.mark.parametrize("shape", [(9, 3), (9, 3, 40, 30)])
def test_order_size_and_layout_of_batches_do_not_matter(shape: tuple[int, ...]) -> None:
    activation = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    expected = activation.double().abs().transpose(0, 1).flatten(1).mean(dim=1)
    batched = [[activation], activation.split([1, 5, 3]), activation.flip(0).split(2)]
    if len(shape) == 4:
        batched.append([activation.contiguous(memory_format=torch.channels_last)])
    for batches in batched:
        torch.testing.assert_close(tallied(*batches), expected, rtol=1e-6, atol=0.0)


def test_linear_units_are_worth_an_average_unit_on_average() -> None:
    """Their readers' rule gives a ranking; the scale is that of what was seen."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 3, 1), nn.Conv2d(3, 4, 1), nn.ReLU(), nn.Conv2d(4, 2, 1)
    )
    images = torch.randn(4, 1, 3, 3)
    graph = channel_graph(network, images[:1])
    found = score_activations(network, graph, [images], [MeanActivation(), Apoz()])
    linear, seen = found["mean_activation"].by_layer.values()
    assert linear.mean() == pytest.approx(float(seen.mean()))
    by_hand = seen @ network[1].weight.detach().double().abs().view(4, 3)
    torch.testing.assert_close(linear / linear.sum(), by_hand / by_hand.sum())
    assert found["apoz"].by_layer["0"].max() == 1.0  # a share keeps its bound
