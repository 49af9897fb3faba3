"""A recipe names its schedule and what bounds the cut; what cannot be is told at once."""

import pytest
import torch
from pydantic import ValidationError

from leanlung.networks import size_of
from leanlung.pruning import AtMost, Cosine, LowestShare, OneShot, Polynomial, Steady
from leanlung.runs.recipe import PruneSection
from leanlung.runs.schedule import ScheduleSection
from leanlung.runs.target import TargetSection


@pytest.mark.parametrize(
    ("keys", "schedule"),
    [
        ({}, Steady(0.1, 0.5)),
        ({"kind": "steady", "share": 0.02, "of": "remaining"}, Steady(0.02, 0.5, "remaining")),
        ({"kind": "one_shot", "share": 0.5}, OneShot(0.5)),
        ({"kind": "polynomial", "final": 0.6, "last": 8}, Polynomial(final=0.6, last=8)),
        (
            {"kind": "polynomial", "initial": 0.1, "first": 2, "power": 1},
            Polynomial(final=0.5, last=5, initial=0.1, first=2, power=1),
        ),
        ({"kind": "cosine", "last": 10}, Cosine(final=0.5, last=10)),
    ],
)
def test_every_kind_is_built_of_its_own_keys(keys: dict, schedule: object) -> None:
    section = ScheduleSection(**keys)
    assert section.build() == schedule
    assert ScheduleSection(**section.model_dump()) == section  # as resolved, all keys written


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"kind": "cosine", "power": 2}, "'power' is no key of a cosine schedule, which has"),
        ({"kind": "polynomial", "share": 0.3}, "'share' is no key of a polynomial schedule"),
        ({"kind": "steady", "last": 3}, "'last' is no key of a steady schedule"),
        ({"kind": "polynomial", "first": 5}, "got first = 5 and last = 5"),
        ({"kind": "cosine", "final": 0.0}, "final is a share between 0 and 1"),
        ({"kind": "polynomial", "power": 0}, "power is a number above 0"),
    ],
)
def test_keys_that_make_no_schedule_are_told(keys: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ScheduleSection(**keys)


def test_the_cut_is_what_the_recipe_says() -> None:
    section = PruneSection(
        scope="network", normalise="layer", leave_alone=["features.*"], align=8, minimum=2
    )
    assert section.cut() == LowestShare(
        "network",
        Steady(0.1, 0.5),
        minimum=2,
        normalise="layer",
        leave_alone=("features.*",),
        align=8,
    )
    assert PruneSection().cut() == LowestShare("layer", Steady(0.1, 0.5))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"align": 3}, "Input should be 1, 4, 8 or 16"),
        ({"normalise": "layer"}, "changes no rank within a layer"),
        ({"at_most": 0.1, "scope": "network"}, "'at_most' stands instead of 'scope'"),
        ({"at_most": float("nan")}, "limit is a score; got nan"),
        ({"at_most": 0.1, "target": {"macs": 9}}, "'target' and 'at_most' do not go together"),
        (
            {"target": {"share": 0.2}, "schedule": {"kind": "cosine"}},
            "'target' stands instead of 'schedule'",
        ),
        ({"target": {}}, "a target is one of"),
        ({"target": {"share": 0.2, "macs": 9}}, r"got \['share', 'macs'\]"),
        ({"target": {"share": 20}}, r"for 20 % write 0\.2"),
        ({"target": {"share": 0.0}}, "greater than 0"),
        ({"target": {"latency_ms": float("inf")}}, "finite"),
        ({"target": {"parameters": 0}}, "greater than or equal to 1"),
    ],
)
def test_what_makes_no_cut_is_told(keys: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        PruneSection(**keys)


def test_a_limit_of_the_score_is_a_cut_of_its_own() -> None:
    section = PruneSection(at_most=0.1, minimum=2, align=4)
    assert section.cut() == AtMost(0.1, minimum=2, align=4)
    assert PruneSection(**section.model_dump()) == section


@pytest.mark.parametrize(
    ("keys", "limit", "measured"),
    [
        ({"share": 0.25}, 2, "parameters"),  # of 10 parameters: 2.5
        ({"parameters": 7}, 7, "parameters"),
        ({"macs": 40}, 40, "macs"),
        ({"latency_ms": 5.5}, 5.5, "ms"),
    ],
)
def test_a_target_is_what_the_recipe_says(keys: dict, limit: float, measured: str) -> None:
    network = torch.nn.Conv2d(1, 1, 3)
    image = torch.zeros(1, 1, 4, 4)
    section = TargetSection(**keys)
    target = section.build(10, image)
    assert target.limit == limit
    found = target.measure(network)
    if measured == "ms":
        assert 0.0 < found < 1000.0
    else:
        assert found == {"parameters": 10, "macs": size_of(network, 4, 1).macs}[measured]
    assert TargetSection(**section.model_dump()) == section
