"""Filters are scored without images: by size, scale, distance, or chance."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch_pruning as tp
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.foundations.seeds import Seeds
from leanlung.pruning import (
    L1,
    L2,
    BatchNormScale,
    GeometricMedian,
    RandomOrder,
    Removal,
    channel_graph,
    remove,
    score_filters,
)
from leanlung.pruning.scores.writers import filters_of

FILTERS = torch.tensor([[3.0, -4.0], [0.0, 0.0], [0.0, 1.0]])
EXAMPLE = torch.zeros(1, 2, 4, 4)


def chain() -> nn.Sequential:
    """Three units that read two channels."""
    network = nn.Sequential(
        nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 2, 1)
    )
    with torch.no_grad():
        network[0].weight.copy_(FILTERS.view(3, 2, 1, 1))
        network[1].weight.copy_(torch.tensor([-2.0, 0.5, 0.0]))
    return network.eval()


def scores_of(network: nn.Module, criterion: object, example=EXAMPLE) -> dict[str, list[float]]:
    found = score_filters(network, channel_graph(network, example), [criterion])
    return {name: one.tolist() for name, one in found[criterion.name].by_layer.items()}


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        (L1(), [7.0, 0.0, 1.0]),
        (L2(), [5.0, 0.0, 1.0]),
        (BatchNormScale(), [2.0, 0.5, 0.0]),
        # distances: 0-1: 5, 0-2: |(3, -5)|, 1-2: 1
        (GeometricMedian(), [(5 + 34**0.5) / 2, (5 + 1) / 2, (34**0.5 + 1) / 2]),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_three_units_by_hand(criterion: object, expected: list[float]) -> None:
    assert scores_of(chain(), criterion)["0"] == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("criterion", [L1(), L2(), GeometricMedian()])
def test_a_unit_of_a_sum_gets_the_mean_of_all_that_write_it(
    residual: nn.Module, criterion: object
) -> None:
    stem, branch = (getattr(residual, name).weight.detach().double().flatten(1)
                    for name in ("stem", "branch"))  # fmt: skip
    if criterion.name == "l1":
        expected = (stem.abs().sum(1) + branch.abs().sum(1)) / 2
    elif criterion.name == "l2":
        expected = ((stem.square().sum(1) + branch.square().sum(1)) / 2).sqrt()
    else:
        both = torch.cat([stem, branch], dim=1).numpy()
        distances = np.linalg.norm(both[:, None] - both[None], axis=2)
        expected = torch.from_numpy(distances.sum(1) / 3 / 2**0.5)
    (found,) = scores_of(residual, criterion, torch.zeros(1, 1, 4, 4)).values()
    assert found == pytest.approx(expected.tolist())


@pytest.mark.parametrize("criterion", [L1(), L2(), GeometricMedian()])
def test_written_twice_over_is_worth_the_same(criterion: object) -> None:
    """A residual stream is not worth more for its depth, nor a grouped layer for its groups."""

    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.other = nn.Conv2d(2, 3, 1), nn.Conv2d(2, 3, 1)
            self.head = nn.Conv2d(3, 1, 1)
            for layer in (self.one, self.other):
                layer.weight.data.copy_(FILTERS.view(3, 2, 1, 1))

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.head(torch.relu(self.one(images) + self.other(images)))

    once = scores_of(chain(), criterion)["0"]
    assert scores_of(Twice(), criterion)["one"] == pytest.approx(once, abs=1e-7)
    grouped = nn.Sequential(nn.Conv2d(2, 4, 1), nn.Conv2d(4, 6, 1, groups=2), nn.ReLU(),
                            nn.Conv2d(6, 1, 1))  # fmt: skip
    grouped[1].weight.data.copy_(torch.cat([FILTERS, FILTERS]).view(6, 2, 1, 1))
    assert scores_of(grouped, criterion)["1"] == pytest.approx(once, abs=1e-7)


def test_a_unit_with_fewer_filters_than_its_neighbour_is_filled_up_with_zeros() -> None:
    """Channels 0 and 2 made one unit by hand: (3, -4, 0, 1) against (0, 0, 0, 0)."""
    network = chain()
    graph = channel_graph(network, EXAMPLE)
    one, other, _ = graph.layer("0").units
    tied = replace(graph.channels["0"], outputs=np.array([one, other, one]))
    layer = replace(graph.layer("0"), units=np.array([one, other]))
    graph = replace(graph, channels={**graph.channels, "0": tied}, layers=(layer,))
    found = GeometricMedian().of_units(network, graph)[[one, other]]
    assert found.tolist() == pytest.approx([(26 / 2) ** 0.5] * 2)
    assert L1().of_units(network, graph)[[one, other]].tolist() == [(7 + 1) / 2, 0.0]


@pytest.mark.parametrize("groups", [1, 2])
def test_a_transposed_convolution_has_its_filters_in_rows_too(groups: int) -> None:
    network = nn.Sequential(nn.ConvTranspose2d(4, 6, 1, groups=groups, bias=False))
    images = torch.randn(2, 4, 3, 3, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = nn.functional.conv2d(images, filters_of(network, "0"), groups=groups)
        torch.testing.assert_close(found, network(images))


def test_scales_of_several_batchnorms_are_averaged() -> None:
    class TwoNorms(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.bare = nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3, affine=False)
            self.norm, self.head = nn.BatchNorm2d(3), nn.Conv2d(3, 1, 1)
            nn.init.constant_(self.norm.weight, -3.0)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            maps = self.body(images)
            return self.head(torch.relu(self.norm(maps)) + torch.relu(self.bare(maps)))

    assert scores_of(TwoNorms(), BatchNormScale())["body"] == [2.0, 2.0, 2.0]


def test_a_unit_without_batchnorm_is_worth_what_its_readers_make_of_it() -> None:
    network = nn.Sequential(nn.Conv2d(2, 2, 1), *chain())
    with torch.no_grad():
        network[1].weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 4.0], [9, 9]]).view(3, 2, 1, 1))
    found = scores_of(network.eval(), BatchNormScale())
    assert found["1"] == [2.0, 0.5, 0.0]
    # 2 * 1 and 0.5 * 4 are equal; their mean is the mean of 2, 0.5 and 0
    assert found["0"] == pytest.approx([2.5 / 3, 2.5 / 3])


def test_a_network_without_batchnorm_is_refused() -> None:
    network = nn.Sequential(nn.Conv2d(2, 3, 1), nn.ReLU(), nn.Conv2d(3, 1, 1))
    with pytest.raises(SurgeryError, match=r"no BatchNorm behind a layer .* take 'l2'"):
        scores_of(network, BatchNormScale())


def test_a_unit_keeps_its_random_number_while_others_leave() -> None:
    network = chain()
    graph = channel_graph(network, EXAMPLE)
    whole = score_filters(network, graph, [RandomOrder(7)])["random"].by_layer["0"].tolist()
    assert whole == Seeds(7).generator("random", "0").random(3).tolist()
    left = remove(network, graph, Removal({"0": (1,)}))
    found = score_filters(left.network, left.graph, [RandomOrder(7)])["random"].by_layer["0"]
    assert found.tolist() == [whole[0], whole[2]]
    assert scores_of(network, RandomOrder(8))["0"] != whole


@pytest.mark.parametrize("criterion", [L1(), RandomOrder()])
def test_a_weight_that_is_not_a_number_is_refused_with_its_layer(criterion: object) -> None:
    network = chain()
    network[3].weight.data[1, 2] = torch.nan
    with pytest.raises(SurgeryError, match=r"layer '3' holds nan in its weight"):
        scores_of(network, criterion)


def plain(positive: bool = False) -> nn.Sequential:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(2, 6, 3), nn.ReLU(), nn.Conv2d(6, 5, 3), nn.ReLU(), nn.Conv2d(5, 2, 1)
    )
    if positive:
        for parameter in network.parameters():
            parameter.data.abs_()
    return network.eval()


@pytest.mark.parametrize("layer", [0, 2])
def test_torch_pruning_agrees_on_a_plain_chain(layer: int) -> None:
    network, example = plain(positive=True), torch.rand(1, 2, 8, 8)
    group = tp.DependencyGraph().build_dependency(network, example).get_pruning_group(
        network[layer], tp.prune_conv_out_channels, list(range(network[layer].out_channels))
    )  # fmt: skip
    options = {"group_reduction": "first", "normalizer": None}
    sizes = {p: tp.importance.GroupMagnitudeImportance(p, **options)(group) for p in (1, 2)}
    # with p = 2 theirs squares every weight before it measures distances
    distances = tp.importance.FPGMImportance(p=1, **options)(group)
    name, count = str(layer), network[layer].out_channels
    near = {"rel": 1e-5}
    assert scores_of(network, L1(), example)[name] == pytest.approx(sizes[1].tolist(), **near)
    assert scores_of(network, L2(), example)[name] == pytest.approx(
        sizes[2].sqrt().tolist(), **near
    )
    assert scores_of(network, GeometricMedian(), example)[name] == pytest.approx(
        (distances / (count - 1)).tolist(), **near
    )
