"""A recipe names its schedule and what bounds the cut; what cannot be is told at once."""

import pytest
from pydantic import ValidationError

from leanlung.pruning import Cosine, LowestShare, OneShot, Polynomial, Steady
from leanlung.runs.recipe import PruneSection
from leanlung.runs.schedule import ScheduleSection


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
    ],
)
def test_what_makes_no_cut_is_told(keys: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        PruneSection(**keys)
