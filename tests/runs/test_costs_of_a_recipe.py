"""A recipe may take more units where they take more operations."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from leanlung.foundations.errors import UsageError
from leanlung.foundations.seeds import Seeds
from leanlung.pixels import ImageSet, PixelStatistics
from leanlung.pruning import channel_graph
from leanlung.runs.material import Material
from leanlung.runs.prune import PruneSection
from leanlung.runs.rounds import Before, costs_of, prune_round
from leanlung.runs.schedule import ScheduleSection
from leanlung.runs.shrinking import plan_of
from leanlung.training import TrainingPlan


def material() -> Material:
    generator = torch.Generator().manual_seed(0)
    films = torch.randint(0, 256, (8, 8, 8), dtype=torch.uint8, generator=generator)
    images = ImageSet(films, torch.arange(8), torch.arange(8) % 2)
    return Material(images, images, PixelStatistics(0.5, 0.25), 1, torch.device("cpu"))


def narrowing() -> nn.Module:
    """Units of the first layer see 8 x 8 places, those of the second a quarter of them."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 2),
    )


def widths(costs: str, rounds: int = 1) -> list[int]:
    section = PruneSection(
        criterion="l1",
        rounds=rounds,
        schedule=ScheduleSection(kind="steady", share=0.5 / rounds, ceiling=0.5),
        costs=costs,
        recalibrate=0,
        retrain=TrainingPlan(epochs=1, batch=8),
    )
    on, network = material(), narrowing()
    graph = channel_graph(network, on.image)
    before = Before(network, graph, 0, costs=costs_of(section, network, graph, on.image))
    for number in range(1, rounds + 1):
        after = prune_round(section, on, before, number, Seeds(0))
        before = Before(after.network, after.graph, 0, costs=before.costs)
    return [len(layer) for layer in before.graph.layers]


def test_layers_whose_units_are_dearer_lose_more() -> None:
    """A first unit: 64 places times 9, and 16 places times 16 to read it: 832.

    A second: 16 places times 16, and 2 to read it: 258. The geometric mean is 463.3; a quarter
    power of 832 / 463.3 is 1.158, of 258 / 463.3 it is 0.864. Of a half that is kept, 16 times
    0.5 ** 1.158 is 7.17, and 16 times 0.5 ** 0.864 is 8.79.
    """
    assert widths("none") == [8, 8]
    assert widths("macs") == [7, 9]


def test_costs_are_those_before_the_first_round() -> None:
    assert widths("macs", rounds=2) == [7, 9]


def test_it_is_told_what_goes() -> None:
    about = PruneSection(costs="macs").about
    assert about == "lowest apoz within each layer, more where a unit takes more MACs"
    assert PruneSection().about == "lowest apoz within each layer"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"scope": "network"}, 'costs tilt the shares of layers; scope = "network"'),
        ({"at_most": 0.1}, "'at_most' stands instead of 'costs'"),
    ],
)
def test_what_does_not_go_together_is_told(keys: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        PruneSection.model_validate({"costs": "macs", **keys})


def test_the_flag_is_a_field_of_the_plan() -> None:
    assert plan_of({"costs": "macs"}).costs == "macs"
    with pytest.raises(UsageError, match=r"--costs: 'latency' is none of .*macs"):
        plan_of({"costs": "latency"})
