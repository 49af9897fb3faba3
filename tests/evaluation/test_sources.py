"""A pooled figure can hide a bad hospital; by source it cannot."""

import numpy as np
import pytest

from leanlung.evaluation import confounding, measure_by_source
from leanlung.statistics import Predictions


def predictions(right: list[bool]) -> Predictions:
    """Binary predictions that are right or wrong as told; label 0 throughout but the last."""
    labels = np.array([0] * (len(right) - 1) + [1])
    answered = np.where(right, labels, 1 - labels)
    ids = tuple(f"s{n}" for n in range(len(right)))
    return Predictions("m", ("a", "b"), ids, ids, labels, np.eye(2)[answered])


def test_each_source_has_its_own_accuracy_and_count() -> None:
    found = measure_by_source(
        predictions([True, True, True, False, True, False]),
        {"s0": "x", "s1": "x", "s2": "x", "s3": "y", "s4": "y", "s5": ""},
        level=0.95,
        resamples=100,
        seed=0,
    )
    assert {source: (one.value, one.studies) for source, one in found.items()} == {
        "unknown": (0.0, 1),
        "x": (1.0, 3),
        "y": (0.5, 2),
    }


def test_whoever_knows_the_source_alone_answers_so_many_rightly() -> None:
    sources = ["x"] * 6 + ["y"] * 4
    labels = ["ill"] * 5 + ["well"] + ["well"] * 3 + ["ill"]
    found = confounding(sources, labels)
    assert found.counts == ((5, 1), (1, 3))
    assert found.told_by_source == pytest.approx((5 + 3) / 10)
    assert found.majority == pytest.approx(6 / 10)


@pytest.mark.parametrize(
    ("sources", "labels", "v"),
    [
        (["x", "x", "y", "y"], ["a", "a", "b", "b"], 1.0),
        (["x", "x", "y", "y"], ["a", "b", "a", "b"], 0.0),
        (["x", "x"], ["a", "b"], None),
    ],
)
def test_cramers_v_runs_from_independence_to_one_telling_the_other(
    sources: list[str], labels: list[str], v: float | None
) -> None:
    assert confounding(sources, labels).cramers_v == (v if v is None else pytest.approx(v))


def test_json_holds_it() -> None:
    found = confounding(["x", "y"], ["a", "b"]).as_dict()
    assert found["sources"] == ["x", "y"]
    assert found["counts"] == [[1, 0], [0, 1]]
