"""A mask keeps exactly as many weights as said, the largest, and never grows back."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import (
    Removal,
    WeightScores,
    channel_graph,
    magnitude,
    remove,
)
from leanlung.pruning.masks import (
    WeightMask,
    carry_mask,
    impose,
    keep_largest,
    keep_pattern,
    kernels,
    mask_of_zeros,
    require_held,
)


def scores(**by_parameter: list[float]) -> WeightScores:
    return WeightScores("mine", {name: torch.tensor(v) for name, v in by_parameter.items()})


def test_half_of_the_published_network_is_1961504_weights(
    published: nn.Module,
) -> None:
    """The ten kernels are 3,923,008 weights, each an even number."""
    names = kernels(published)
    found = magnitude(published, names)
    assert len(names) == 10
    for scope in ("layer", "network"):
        mask = keep_largest(found, 0.5, scope=scope)
        assert (mask.weights, mask.kept, mask.share) == (3_923_008, 1_961_504, 0.5)
    assert all(
        2 * int(kept.sum()) == kept.numel()
        for kept in keep_largest(found, 0.5).by_parameter.values()
    )


@pytest.mark.parametrize(
    ("weights", "share", "kept"),
    [
        (100, 0.1355, 86),  # 86.45
        (100, 0.4375, 56),  # 56.25
        (100, 0.0, 100),
        (10, 0.95, 1),  # 0.5 rounds to the even 0; one stays
        (10, 0.85, 2),  # 1.5 to 2
        (10, 0.99, 1),
        (5, 0.5, 2),  # 2.5 to 2
        (7, 0.5, 4),  # 3.5 to 4
        (1, 0.9, 1),
    ],
)
def test_how_many_are_kept_by_hand(weights: int, share: float, kept: int) -> None:
    values = torch.randn(weights, generator=torch.Generator().manual_seed(0)).abs()
    for scope in ("layer", "network"):
        mask = keep_largest(WeightScores("mine", {"w": values}), share, scope=scope)
        assert mask.kept == kept
        assert set(values[mask.by_parameter["w"]].tolist()) == set(
            values.sort(descending=True).values[:kept].tolist()
        )


def test_of_equal_weights_the_first_are_kept() -> None:
    mask = keep_largest(scores(w=[1.0, 2.0, 1.0, 1.0, 1.0, 0.0]), 0.5)
    assert mask.by_parameter["w"].tolist() == [True, True, True, False, False, False]


def test_over_the_network_small_kernels_lose_more_but_keep_one() -> None:
    found = scores(a=[5.0, 6.0, 7.0, 8.0], b=[1.0, 2.0, 3.0, 4.0], c=[0.0, 0.1])
    mask = keep_largest(found, 0.5, scope="network")
    assert mask.by_parameter["a"].tolist() == [False, True, True, True]
    assert mask.by_parameter["b"].tolist() == [False, False, False, True]
    assert mask.by_parameter["c"].tolist() == [False, True]
    assert keep_largest(found, 0.99, scope="network").kept == 3


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.floats(0, 1, width=32), min_size=1, max_size=30), min_size=1, max_size=3
    ),
    st.lists(st.floats(0, 0.99), min_size=2, max_size=4),
    st.sampled_from(["layer", "network"]),
    st.randoms(use_true_random=False),
)
def test_within_an_earlier_mask_nothing_ever_grows_back(
    kernels_: list[list[float]], shares: list[float], scope: str, random: object
) -> None:
    mask = None
    for share in shares:  # rising or not, and with weights that change in between
        found = scores(
            **{
                str(i): [random.random() * v for v in values]
                for i, values in enumerate(kernels_)
            }
        )
        smaller = keep_largest(found, share, scope=scope, within=mask)
        if mask is not None:
            assert smaller.grows_from(mask) == 0
            assert smaller.kept <= keep_largest(found, share, scope=scope).kept
        assert all(kept.any() for kept in smaller.by_parameter.values())
        mask = smaller


def test_what_grew_back_is_counted() -> None:
    before = WeightMask({"w": torch.tensor([True, False, False])})
    after = WeightMask({"w": torch.tensor([False, True, True]), "v": torch.tensor([True])})
    assert after.grows_from(before) == 2


def test_two_of_four_along_the_input_channels() -> None:
    weight = torch.zeros(2, 8, 1, 2)
    weight[0, :, 0, 0] = torch.tensor([1.0, 2, 3, 4, 8, 7, 6, 5])
    weight[0, :, 0, 1] = torch.tensor([9.0, 0, 0, 9, 1, 1, 1, 1])
    found = WeightScores("mine", {"w": weight, "odd": torch.ones(3, 6), "b": torch.ones(4)})
    mask = keep_pattern(found)
    assert set(mask.by_parameter) == {"w"}
    kept = mask.by_parameter["w"]
    assert kept[0, :, 0, 0].int().tolist() == [0, 0, 1, 1, 1, 1, 0, 0]
    assert kept[0, :, 0, 1].int().tolist() == [1, 0, 0, 1, 1, 1, 0, 0]
    runs = kept.movedim(1, -1).reshape(-1, 4).sum(dim=1)
    assert runs.unique().tolist() == [2]
    assert keep_pattern(found, keep=1, of=2).share == 0.5


def test_patterns_that_fit_nothing_are_refused() -> None:
    with pytest.raises(SurgeryError, match="no kernel has a number of inputs that 4 divides"):
        keep_pattern(WeightScores("mine", {"w": torch.ones(4, 3)}))
    with pytest.raises(SurgeryError, match="got 4 of 4"):
        keep_pattern(WeightScores("mine", {"w": torch.ones(4, 4)}), keep=4)


def test_kernels_are_weights_of_convolutions_and_linear_layers_alone() -> None:
    network = nn.Sequential(
        nn.Conv2d(4, 8, 3),
        nn.BatchNorm2d(8),
        nn.Conv2d(8, 8, 3, groups=8),
        nn.Conv2d(8, 8, 1, groups=2),
        nn.Flatten(),
        nn.Linear(8, 2),
    )
    assert kernels(network) == ("0.weight", "3.weight", "5.weight")
    assert kernels(network, leave_alone=("5", "0")) == ("3.weight",)
    network[5].weight = nn.Parameter(torch.zeros(8, 8))
    network.append(nn.Linear(8, 8))
    network[6].weight = network[5].weight
    assert kernels(network) == ("0.weight", "3.weight", "5.weight")
    with pytest.raises(SurgeryError, match="no layer fits 'heads'"):
        kernels(network, leave_alone=("heads",))


def test_a_mask_is_imposed_and_read_off_again() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 6, 3), nn.Conv2d(6, 2, 1))
    mask = keep_largest(magnitude(network, kernels(network)), 0.3)
    with pytest.raises(SurgeryError, match=r"49 of 49 weights of '0.weight' .* each_step=Hold"):
        require_held(network, mask)
    bias = network[0].bias.detach().clone()
    impose(network, mask)
    require_held(network, mask)
    assert torch.equal(network[0].bias, bias)
    again = mask_of_zeros(network)
    assert again.grows_from(mask) == mask.grows_from(again) == 0


def test_a_mask_is_cut_with_its_network() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 4, 1), nn.ReLU(), nn.Conv2d(4, 2, 1)).eval()
    mask = keep_largest(magnitude(network, kernels(network)), 0.5)
    impose(network, mask)
    graph = channel_graph(network, torch.zeros(1, 1, 2, 2))
    surgery = remove(network, graph, Removal({"0": (1, 2)}))
    carried = carry_mask(mask, surgery)
    require_held(surgery.network, carried)
    kept = mask.by_parameter["2.weight"][:, [0, 3]]
    assert torch.equal(carried.by_parameter["2.weight"], kept)
    with pytest.raises(SurgeryError, match=r"shape \(4, 1, 1, 1\), the parameter of shape \(2"):
        impose(surgery.network, mask)


def test_another_networks_mask_is_refused() -> None:
    with pytest.raises(SurgeryError, match="'wieght' that this network has not; did you mean"):
        impose(nn.Linear(2, 2), WeightMask({"wieght": torch.ones(2, 2, dtype=torch.bool)}))
    with pytest.raises(SurgeryError, match="the mask to stay within has no 'w' of this size"):
        keep_largest(scores(w=[1.0, 2.0]), 0.5, within=WeightMask({}))
    with pytest.raises(SurgeryError, match="a mask is boolean"):
        WeightMask({"w": torch.ones(2)})


@pytest.mark.parametrize("share", [1.0, -0.1, 50])
def test_what_is_no_share_is_refused(share: float) -> None:
    with pytest.raises(SurgeryError, match=r"share is a share in \[0, 1\)"):
        keep_largest(scores(w=[1.0]), share)


def test_an_empty_mask_holds_nothing() -> None:
    assert WeightMask({}).share == 0.0
