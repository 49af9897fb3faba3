"""A user's own function is a criterion."""

import pytest
import torch
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import (
    OwnActivation,
    OwnFilter,
    channel_graph,
    score_activations,
    score_filters,
)

IMAGES = torch.tensor([[3.0, -1.0], [5.0, -1.0]]).view(2, 1, 1, 2)


def peak(activation: torch.Tensor) -> torch.Tensor:
    return activation.flatten(2).amax(dim=2)


@pytest.mark.parametrize("size", [1, 2])
def test_a_function_of_activations_is_averaged_over_images(
    three_units: nn.Module, size: int
) -> None:
    graph = channel_graph(three_units, IMAGES[:1])
    own = OwnActivation("peak", peak)
    found = score_activations(three_units, graph, IMAGES.split(size), [own])["peak"]
    assert found.by_layer["0"].tolist() == [1.0, 4.0, 0.0]


def test_a_function_of_filters_sees_the_weight(three_units: nn.Module) -> None:
    own = OwnFilter("sum", lambda weight: weight.flatten(1).sum(dim=1))
    found = score_filters(three_units, channel_graph(three_units, IMAGES[:1]), [own])["sum"]
    assert found.by_layer["0"].tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("own", "message"),
    [
        (OwnActivation("mine", torch.sum), r"'mine' gives numbers of the shape \(\); \(2, 3\)"),
        (
            OwnActivation("mine", lambda a: peak(a) * torch.nan),
            r"layer '0' has the mine score nan",
        ),
        (OwnFilter("mine", torch.sum), r"'mine' gives numbers of the shape \(\); \(3,\)"),
        (
            OwnFilter("mine", lambda w: w.flatten(1).sum(1) / 0.0),
            r"'mine' gives nan for filter 0 of a layer of shape \(3, 1, 1, 1\)",
        ),
    ],
)
def test_what_is_no_score_is_refused(
    three_units: nn.Module, own: OwnActivation | OwnFilter, message: str
) -> None:
    graph = channel_graph(three_units, IMAGES[:1])

    def score() -> None:
        if isinstance(own, OwnActivation):
            score_activations(three_units, graph, [IMAGES], [own])
        else:
            score_filters(three_units, graph, [own])

    with pytest.raises(SurgeryError, match=message):
        score()
