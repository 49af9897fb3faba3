"""An ensemble answers what every member has answered, and is kept without a pickle."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from leanlung.ensembles import (
    COMBINERS,
    Ensemble,
    Mean,
    OutOfFold,
    Vote,
    Weighted,
    choose_combiner,
    combiner_of,
    figures,
    parts_of,
    require_apart,
)
from leanlung.foundations.errors import DataRefused, StatisticsError, UsageError
from leanlung.statistics import Predictions

Make = Callable[..., list[Predictions]]
CLASSES = ("normal", "bacterial", "covid")


def together(combiner: object = None, **fields: object) -> Ensemble:
    return Ensemble(("a", "b", "c"), CLASSES, combiner or Mean(), **fields)  # type: ignore[arg-type]


def reordered(one: Predictions) -> Predictions:
    """The same answers, studies backwards and classes turned."""
    order = [2, 0, 1]
    back = one.rows(np.arange(len(one))[::-1])
    return replace(
        back,
        classes=tuple(one.classes[place] for place in order),
        labels=np.argsort(order)[back.labels],
        probabilities=back.probabilities[:, order],
    )


def test_members_may_come_in_any_order_of_studies_and_classes(members: Make) -> None:
    one, two, three = members(30)
    plain = together(name="all").combine([one, two, three])
    assert plain.model == "all"
    stack = [each.probabilities for each in (one, two, three)]
    np.testing.assert_allclose(plain.probabilities, np.mean(stack, axis=0), rtol=1e-12)
    mixed = together().combine([one, reordered(two), reordered(three)])
    np.testing.assert_allclose(mixed.probabilities, plain.probabilities, rtol=1e-12)
    first_turned = together().combine([reordered(one), two, three])
    assert first_turned.classes == CLASSES
    assert first_turned.study_ids == one.study_ids[::-1]
    np.testing.assert_allclose(
        first_turned.probabilities, plain.probabilities[::-1], rtol=1e-12
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"study_ids": tuple(f"x{n}" for n in range(30))}, "cannot be paired"),
        ({"labels": np.zeros(30, dtype=np.int64)}, "the label differs for"),
        ({"patient_ids": ("p",) * 30}, "the patient differs for"),
        ({"classes": ("normal", "bacterial", "tb")}, "their classes are"),
    ],
)
def test_members_that_answer_something_else_are_refused(
    members: Make, change: dict[str, Any], told: str
) -> None:
    one, two, three = members(30)
    with pytest.raises(StatisticsError, match=told):
        together().combine([one, two, replace(three, **change)])


def test_classes_that_it_does_not_know_are_refused(members: Make) -> None:
    with pytest.raises(StatisticsError, match="the ensemble's are"):
        together().combine(members(30, classes=("x", "y", "z")))


def test_its_numbers_have_to_fit(members: Make) -> None:
    with pytest.raises(UsageError, match="2 predictions for the members"):
        together().combine(members(30)[:2])
    with pytest.raises(UsageError, match="an ensemble of 1 members"):
        Ensemble(("a",), CLASSES, Mean())
    with pytest.raises(UsageError, match="2 weights for 3 members"):
        together(Weighted((0.5, 0.5)))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("test", "test", "test"), "test"),
        ((None, "test", "validation"), "test"),
        (("validation",) * 3, "validation"),
        ((None, "validation", "validation"), None),
    ],
)
def test_the_part_goes_along(
    members: Make, parts: tuple[str | None, ...], expected: str | None
) -> None:
    found = [replace(one, part=part) for one, part in zip(members(30), parts, strict=True)]
    assert together().combine(found).part == expected


@pytest.mark.parametrize("name", list(COMBINERS))
def test_every_combiner_is_kept_as_json_and_tensors(members: Make, name: str) -> None:
    validation = members(40, prefix="v")
    learnt = [OutOfFold(one, np.arange(40) % 4) for one in members(40)]
    combiner = choose_combiner(
        name, validation, out_of_fold=learnt if name == "stacking" else ()
    )
    told, tensors = parts_of(combiner)
    assert bool(tensors) == (name == "stacking")
    back = combiner_of(json.loads(json.dumps(told)), tensors)
    stack = np.stack([one.probabilities for one in members(30, seed=9)])
    np.testing.assert_array_equal(back.combine(stack), combiner.combine(stack))


@pytest.mark.parametrize(
    "told",
    [
        {"combiner": "median"},
        {},
        {"combiner": "weighted"},
        {"combiner": "mean", "weights": [1.0]},
        {"combiner": "weighted", "weights": [2.0], "chosen_by": "given"},
    ],
)
def test_a_combiner_with_wrong_parts_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        combiner_of(told, {})


def test_studies_that_something_was_chosen_on_are_not_answered(members: Make) -> None:
    one = members(30)[0]
    require_apart(one, members(30, prefix="v")[0])
    with pytest.raises(DataRefused, match="study 'f0' and 29 more are both in m0"):
        require_apart(one, one)
    renamed = replace(one, study_ids=tuple(f"x{name}" for name in one.study_ids))
    with pytest.raises(DataRefused, match="patient 'p-f0' and 29 more are both"):
        require_apart(one, renamed)


def test_figures_by_hand() -> None:
    """Three of four right; the mean of four logarithms; one pair of six in the wrong order."""
    right = np.array([0.8, 0.4, 0.9, 0.7])
    labels = np.array([0, 0, 1, 1])
    shares = np.where(labels[:, None] == [0, 1], right[:, None], 1 - right[:, None])
    ids = tuple("abcd")
    found = figures(Predictions("m", ("x", "y"), ids, ids, labels, shares))
    assert found["accuracy"] == 0.75
    assert found["balanced_accuracy"] == 0.75
    assert found["macro_auc"] == 1.0  # 0.8 and 0.4 of x, 0.1 and 0.3 of y: each above
    assert found["log_likelihood"] == pytest.approx(np.log(right).mean())


def test_a_vote_needs_no_validation() -> None:
    assert choose_combiner("vote") == Vote()
