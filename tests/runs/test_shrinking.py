"""What is not asked for is as the defaults say; what is asked for changes nothing else."""

import pytest

from leanlung.foundations.errors import UsageError
from leanlung.runs.prune import PruneSection
from leanlung.runs.shrinking import DEFAULT, FLAGS, plan_of
from leanlung.runs.target import TargetSection


def test_nothing_asked_is_the_default() -> None:
    assert plan_of({}) == DEFAULT
    assert DEFAULT.target is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("target.macs", 1000),
        ("criterion", "l2"),
        ("scope", "network"),
        ("rounds", 7),
        ("retrain.epochs", 9),
        ("retrain.distil.weight", 0.25),
        ("align", 8),
        ("leave_alone", ["trunk.1"]),
    ],
)
def test_what_is_asked_for_alone_is_changed(name: str, value: object) -> None:
    assert name in FLAGS
    plan: object = plan_of({name: value})
    if name.startswith("target."):
        assert plan == DEFAULT.model_copy(update={"target": TargetSection(macs=1000)})
        return
    expected = DEFAULT.model_dump()
    *folders, last = name.split(".")
    table = expected
    for folder in folders:
        table = table[folder]
    table[last] = value
    assert plan == PruneSection(**expected)


def test_all_mistakes_are_told_by_their_flags() -> None:
    with pytest.raises(UsageError, match=r"--rounds: input .*; --criterion: 'l3' is none of"):
        plan_of({"criterion": "l3", "rounds": 0})
