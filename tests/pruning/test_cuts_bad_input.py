"""What shares, scopes, scores and images that do not fit get told, and what a removal tells."""

import math

import pytest
import torch
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import (
    LowestShare,
    OneShot,
    Removal,
    UnitScores,
    channel_graph,
    recalibrate,
)
from leanlung.pruning.sensitivity import sensitivity

SCORES = UnitScores("mine", {"a": torch.arange(4.0), "b": torch.arange(2.0)})
ORIGINALS = {"a": 4, "b": 2}


@pytest.mark.parametrize("share", [2.0, -0.5, math.nan, math.inf])
@pytest.mark.parametrize("scope", ["layer", "network"])
def test_a_schedule_of_ones_own_gives_shares(share: float, scope: str) -> None:
    cut = LowestShare(scope, lambda _round: share)
    with pytest.raises(
        SurgeryError, match=rf"gives {share:g} for round 3; a share in \[0, 1\]"
    ):
        cut(SCORES, 3, ORIGINALS)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_nothing_and_everything_are_shares(share: float) -> None:
    removal = LowestShare("layer", lambda _round: share)(SCORES, 1, ORIGINALS)
    assert len(removal) == (4 + 2 - 2) * share  # the last unit of each layer stays


def test_a_misspelt_scope_is_not_taken_for_another() -> None:
    with pytest.raises(SurgeryError, match=r"scope .* got 'netwrk'; did you mean 'network'\?"):
        LowestShare("netwrk", OneShot(0.5))
    with pytest.raises(
        SurgeryError, match=r"normalise .* got 'layers'; did you mean 'layer'\?"
    ):
        LowestShare("network", OneShot(0.5), normalise="layers")


def test_scores_of_another_network_are_refused() -> None:
    with pytest.raises(SurgeryError, match=r"scores of a layer 'b' .* originals has not"):
        LowestShare("layer", OneShot(0.5))(SCORES, 1, {"a": 4})


def test_sensitivity_needs_scores_of_every_layer(residual: nn.Module) -> None:
    graph = channel_graph(residual, torch.zeros(1, 1, 4, 4))
    with pytest.raises(SurgeryError, match=r"no 'mine' scores of layer 'stem'"):
        list(sensitivity(residual, graph, SCORES, lambda _network: 1.0))


@pytest.mark.parametrize(
    ("removal", "told"),
    [
        (Removal({}), "no unit leaves"),
        (Removal({"a": (0, 2), "b": (1,)}), "3 units leave 2 layers"),
        (Removal({"a": (0,)}), "1 unit leaves 1 layer"),
        (
            Removal({"a": (0, 1)}, ("b", "c")),
            "2 units leave 1 layer; 'b', 'c' would have lost their last units and kept them",
        ),
        (
            Removal({}, ("b",)),
            "no unit leaves; 'b' would have lost its last units and kept them",
        ),
    ],
)
def test_a_removal_tells_what_it_does_and_what_it_spares(removal: Removal, told: str) -> None:
    assert str(removal) == told


def normed() -> nn.Module:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 3, 1), nn.BatchNorm2d(3), nn.ReLU()).train()
    network(torch.randn(4, 1, 5, 5))
    return network


@pytest.mark.parametrize(
    ("batches", "told"),
    [
        ([], "no images to count statistics on; give at least one batch"),
        (
            [torch.ones(2, 1, 5, 5), torch.ones(2, 3, 5, 5)],
            "does not run on batch 2 .*channels",
        ),
        ([torch.ones(2, 1, 5, 5), None], "does not run on batch 2"),
    ],
)
def test_statistics_are_as_they_were_if_they_cannot_be_counted(
    batches: list, told: str
) -> None:
    network = normed()
    with pytest.raises(SurgeryError, match=told):
        recalibrate(network, batches)
    for (name, found), expected in zip(
        network.state_dict().items(), normed().state_dict().values(), strict=True
    ):
        assert torch.equal(found, expected), name
    assert network[1].momentum == 0.1
    assert network.training


def test_a_normalisation_held_in_evaluation_mode_stays_there() -> None:
    network = normed()
    network[1].eval()
    recalibrate(network, [torch.ones(2, 1, 5, 5)])
    assert not network[1].training
    assert network.training


def test_statistics_are_as_they_were_if_images_stop_coming() -> None:
    def broken() -> object:
        yield torch.ones(2, 1, 5, 5)
        raise OSError("disk gone")

    network = normed()
    with pytest.raises(OSError, match="disk gone"):
        recalibrate(network, broken())
    assert torch.equal(network[1].running_mean, normed()[1].running_mean)
