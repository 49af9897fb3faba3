"""Variance is 0 for a unit that never varies, and for no other."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from leanlung.pruning import Variance, channel_graph, score_activations
from leanlung.pruning.scores.variance import VarianceTally

MANY = 100_000
TENTH = torch.tensor(0.1)


def tallied(*batches: torch.Tensor) -> VarianceTally:
    tally = Variance().tally()
    for batch in batches:
        tally.add(batch)
    return tally


def test_three_units_by_hand(three_units: nn.Module) -> None:
    images = torch.tensor([[3.0, 1.0], [-1.0, -1.0]]).view(1, 1, 2, 2)
    graph = channel_graph(three_units, images)
    found = score_activations(three_units, graph, [images], [Variance()])["variance"]
    # always 1; 3, 1, 0, 0 with mean 1; always 0
    assert found.by_layer["0"].tolist() == [0.0, (4 + 0 + 1 + 1) / 4, 0.0]


def test_a_constant_over_very_many_images_is_constant_and_one_last_bit_is_not() -> None:
    """0.1 is no binary number: added up 100,000 times and divided it is not 0.1 any more."""
    network = nn.Sequential(nn.Conv2d(1, 3, 1), nn.ReLU(), nn.Conv2d(3, 1, 1)).eval()
    last_bit = torch.nextafter(TENTH, torch.tensor(1.0)) - TENTH
    with torch.no_grad():
        network[0].weight.copy_(torch.stack([TENTH * 0, last_bit, TENTH * 0]).view(3, 1, 1, 1))
        network[0].bias.copy_(torch.tensor([0.1, 0.1, -0.1]))
    images = torch.zeros(MANY, 1, 1, 1)
    images[54_321] = 1.0
    graph = channel_graph(network, images[:1])
    for size in (MANY, 4096, 333):
        found = score_activations(network, graph, images.split(size), [Variance()])
        constant, nearly, silent = found["variance"].by_layer["0"].tolist()
        assert constant == 0.0
        assert silent == 0.0
        assert nearly == pytest.approx(float(last_bit) ** 2 / MANY, rel=1e-4)


def test_constants_are_told_from_zeros() -> None:
    activation = torch.stack([torch.zeros(5, 7), torch.full((5, 7), 0.1), torch.rand(5, 7)])
    found = tallied(activation.transpose(0, 1)).constant()
    assert found[0] == 0.0
    assert found[1] == TENTH.double()
    assert torch.isnan(found[2])


@pytest.mark.parametrize("offset", [0.0, 3.0, 1000.0])
def test_it_is_the_variance_of_all_values_however_far_from_zero(offset: float) -> None:
    generator = torch.Generator().manual_seed(0)
    activation = offset + 0.1 * torch.randn(6, 3, 20, 20, generator=generator)
    expected = np.var(activation.numpy().astype(np.float64), axis=(0, 2, 3))
    found = tallied(*activation.split([1, 3, 2])).value().numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [(9, 3), (9, 3, 5), (9, 3, 700, 400), (9, 3, 2, 2, 2)])
def test_order_size_and_layout_of_batches_do_not_matter(shape: tuple[int, ...]) -> None:
    activation = torch.randn(shape, generator=torch.Generator().manual_seed(1)).relu()
    expected = tallied(activation).value()
    batched = [activation.split([2, 4, 3]), activation.flip(0).split(1)]
    if len(shape) == 4:
        batched.append((activation.contiguous(memory_format=torch.channels_last),))
    for batches in batched:
        torch.testing.assert_close(tallied(*batches).value(), expected, rtol=1e-6, atol=0.0)


@given(
    st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=1, max_size=6),
    st.integers(1, 5),
)
@settings(max_examples=100, deadline=None)
def test_zero_means_all_values_are_the_same(values: list[float], again: int) -> None:
    activation = torch.tensor(values * again).view(-1, 1, 1)
    found = float(tallied(activation[:1], activation[1:] if len(activation) > 1 else activation)
                  .value())  # fmt: skip
    assert (found == 0.0) == (len(set(values)) == 1)


def test_half_precision_is_widened() -> None:
    activation = torch.full((2, 1, 300, 300), 0.1, dtype=torch.bfloat16)
    assert tallied(activation).value().tolist() == [0.0]
