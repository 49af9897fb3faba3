"""APoZ gives 1 to a unit that always fires, 0 to one that never does."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from leanlung.pruning import Apoz, channel_graph, score_activations
from leanlung.pruning.scores.apoz import count_positive


def scores_of(network: nn.Module, batches: list[torch.Tensor]) -> dict[str, list[float]]:
    graph = channel_graph(network, batches[0][:1])
    found = score_activations(network, graph, batches, [Apoz()])["apoz"]
    return {layer: values.tolist() for layer, values in found.by_layer.items()}


def test_the_score_is_the_share_of_places_where_a_unit_fires(three_units: nn.Module) -> None:
    image = torch.tensor([[1.0, -1.0], [-1.0, -1.0]]).view(1, 1, 2, 2)  # 1 of 4 is positive
    assert scores_of(three_units, [image]) == {"0": [1.0, 0.25, 0.0]}


def test_the_score_does_not_depend_on_how_images_are_batched(three_units: nn.Module) -> None:
    images = torch.randn(7, 1, 5, 5, generator=torch.Generator().manual_seed(0))
    together = scores_of(three_units, [images])
    assert scores_of(three_units, list(images.split([1, 4, 2]))) == together
    assert scores_of(three_units, list(images.flip(0).split(3))) == together


def test_it_is_one_minus_the_mean_share_of_exact_zeros(three_units: nn.Module) -> None:
    """As Hu et al. 2016 define APoZ, counted with numpy on the output of the activation."""
    images = torch.randn(6, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        activation = three_units[:2](images).numpy()
    apoz = (activation == 0).mean(axis=(0, 2, 3))
    assert scores_of(three_units, [images])["0"] == pytest.approx((1 - apoz).tolist())


def test_after_batchnorm_the_sign_of_the_normalised_value_counts() -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1), nn.ReLU(), nn.Conv2d(1, 1, 1)
    )
    with torch.no_grad():
        network[0].weight.fill_(1.0)
        network[0].bias.fill_(0.0)
        network[1].running_mean.fill_(2.5)
    image = torch.tensor([1.0, 2.0, 3.0, 4.0]).view(1, 1, 2, 2)  # above 2.5: two of four
    assert scores_of(network.eval(), [image])["0"] == [0.5]


def test_a_unit_with_several_sites_gets_the_mean_of_its_scores() -> None:
    """Its map is rectified once as it is (1 of 4) and once turned round (3 of 4)."""

    class TwoSites(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Conv2d(1, 1, 1, bias=False)
            self.turned = nn.BatchNorm2d(1, eps=0.0)
            self.left, self.right = nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 1)
            nn.init.ones_(self.body.weight)
            nn.init.constant_(self.turned.weight, -1.0)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            maps = self.body(images)
            turned = self.turned(maps)
            return self.left(torch.relu(maps)) + self.right(torch.relu(turned))

    image = torch.tensor([1.0, -1.0, -1.0, -1.0]).view(1, 1, 2, 2)
    assert scores_of(TwoSites().eval(), [image])["body"] == [(0.25 + 0.75) / 2]


def test_scoring_neither_trains_nor_changes_the_network(three_units: nn.Module) -> None:
    network = nn.Sequential(
        *three_units[:1], nn.BatchNorm2d(3), nn.Dropout(0.5), *three_units[1:]
    )
    network.train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    images = torch.randn(4, 1, 3, 3, generator=torch.Generator().manual_seed(0))
    first, second = scores_of(network, [images]), scores_of(network, [images])
    assert first == second
    assert network.training
    assert all(torch.equal(before[name], t) for name, t in network.state_dict().items())


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 4), st.integers(1, 4)),
    st.booleans(),
    st.integers(0, 2**16),
)
def test_positives_are_counted_as_numpy_counts_them(
    shape: tuple[int, int, int, int], channels_last: bool, seed: int
) -> None:
    values = np.random.default_rng(seed).integers(-1, 2, shape).astype(np.float32)
    tensor = torch.from_numpy(values)
    if channels_last:
        tensor = tensor.contiguous(memory_format=torch.channels_last)
    assert count_positive(tensor).tolist() == (values > 0).sum(axis=(0, 2, 3)).tolist()


def test_positives_are_counted_alike_where_numpy_cannot_look() -> None:
    """As on a GPU; the meta device has shapes only, so the counting itself is tried by hand."""
    from leanlung.pruning.scores.apoz import count_rows

    values = torch.tensor([[[1.0, -1.0], [2.0, 0.5]], [[-3.0, -5.0], [0.0, 4.0]]])
    assert count_rows(values > 0).tolist() == [1, 3]


def test_positives_of_a_linear_layer_are_counted_per_feature() -> None:
    values = torch.tensor([[1.0, -1.0], [2.0, 0.0], [-3.0, 5.0]])
    assert count_positive(values).tolist() == [2, 1]
