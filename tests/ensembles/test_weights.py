"""Weights come from validation, are the best there are, and are even where nothing decides."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from leanlung.ensembles import (
    choose_combiner,
    choose_weights,
    log_loss_weights,
    metric_weights,
    published_weights,
    weighted,
)
from leanlung.foundations.errors import DataRefused, StatisticsError, UsageError
from leanlung.statistics import Predictions

Make = Callable[..., list[Predictions]]


def right_of(found: list[Predictions]) -> np.ndarray:
    """What each member gives to the true class, (members, studies)."""
    return np.stack([one.probabilities[np.arange(len(one)), one.labels] for one in found])


@pytest.mark.parametrize("seed", range(6))
def test_no_other_weights_have_a_smaller_log_loss(members: Make, seed: int) -> None:
    """The conditions of Karush, Kuhn and Tucker, which for a convex loss certify the least.

    With g = mean of p / (w p): no member's g is above one by more than the loss can still fall.
    """
    skills = ((1, 1.2), (2, 2.1, 1.9), (0.5, 1, 1.5, 2), (3, 0, 3))[seed % 4]
    found = members(200, skills, seed=seed)
    weights = np.array(log_loss_weights(found).weights)
    right = right_of(found)
    slopes = (right / (weights @ right)).mean(axis=1)
    assert slopes.max() - 1.0 < 1e-5
    assert weights @ slopes == pytest.approx(1.0)
    assert weights.min() >= 0.0
    assert weights.sum() == pytest.approx(1.0)


def test_two_members_that_are_right_in_turn_share_as_they_are_right(members: Make) -> None:
    """Minus 0.7 log w minus 0.3 log (1 - w), whose least value is at w = 0.7."""
    first, second = members(100, (1, 1))
    turn = np.arange(100) < 70
    true = np.eye(3)[first.labels]
    other = np.eye(3)[(first.labels + 1) % 3]
    pair = [
        replace(first, probabilities=np.where(turn[:, None], true, other)),
        replace(second, probabilities=np.where(turn[:, None], other, true)),
    ]
    assert log_loss_weights(pair).weights == pytest.approx((0.7, 0.3), abs=1e-5)


def test_members_that_say_the_same_share_evenly(members: Make) -> None:
    first, other = members(120, (1.5, 2.0))
    one, two, three = log_loss_weights([first, other, first]).weights
    assert one == pytest.approx(three, abs=1e-6)
    assert two + 2 * one == pytest.approx(1.0)
    assert log_loss_weights([first, first]).weights == (0.5, 0.5)


def test_the_order_of_members_changes_no_weight(members: Make) -> None:
    found = members(150, (1.0, 2.0, 1.7))
    there, back = (log_loss_weights(one).weights for one in (found, found[::-1]))
    assert there == pytest.approx(back[::-1], abs=1e-4)


def test_a_metric_is_the_best_on_the_grid(members: Make) -> None:
    """Against every point of the same grid, accuracy counted by hand."""
    found = members(60, (1.0, 1.2, 1.4), seed=3)
    chosen = metric_weights(found, "accuracy", steps=10)
    stack = np.stack([one.probabilities for one in found])

    def accuracy(weights: tuple[float, ...]) -> float:
        return float((weighted(stack, weights).argmax(axis=1) == found[0].labels).mean())

    grid = [
        (one / 10, two / 10, (10 - one - two) / 10)
        for one, two in product(range(11), repeat=2)
        if one + two <= 10
    ]
    assert len(grid) == 66
    best = max(map(accuracy, grid))
    assert accuracy(chosen.weights) == best
    even = min(sum(w * w for w in one) for one in grid if accuracy(one) == best)
    assert sum(w * w for w in chosen.weights) <= even + 1e-12
    assert chosen.chosen_by == "accuracy"


def test_where_nothing_decides_weights_are_equal(members: Make) -> None:
    perfect = [
        replace(one, probabilities=np.eye(3)[one.labels]) for one in members(30, (1, 1, 1))
    ]
    for way in ("macro_auc", "log_loss"):
        assert choose_weights(perfect, way).weights == pytest.approx((1 / 3,) * 3)


def test_many_members_get_a_coarser_grid(members: Make) -> None:
    chosen = metric_weights(members(30, (1.0,) * 8), "accuracy")
    assert sum(chosen.weights) == pytest.approx(1.0)


def test_published_weights_go_by_validation_accuracy(members: Make) -> None:
    worst, best, middle = members(300, (0.5, 3.0, 1.5))
    assert published_weights([worst, best, middle]).weights == (0.2, 0.5, 0.3)


def test_equal_accuracy_is_ranked_by_log_loss(members: Make) -> None:
    sure, other = members(60, (2.0, 3.0))
    flat = replace(sure, probabilities=0.1 * sure.probabilities + 0.9 / 3)
    assert (flat.predicted == sure.predicted).all()
    ranked = [flat, sure, other]
    assert published_weights(ranked).weights == (0.2, 0.3, 0.5)  # flat is sure of nothing
    assert published_weights([sure, sure, other]).weights == (0.3, 0.2, 0.5)


def test_published_weights_are_of_three(members: Make) -> None:
    with pytest.raises(UsageError, match="are of three members; there are 2"):
        published_weights(members(30, (1, 2)))


@pytest.mark.parametrize("way", ["log_loss", "published", "accuracy"])
@pytest.mark.parametrize(
    ("part", "told"), [("test", "of a test part"), ("train", "the member was trained on")]
)
def test_weights_are_not_chosen_on_test_or_training(
    members: Make, way: str, part: str, told: str
) -> None:
    with pytest.raises(DataRefused, match=told):
        choose_weights(members(30, part=part), way)


def test_an_unknown_way_names_the_metrics(members: Make) -> None:
    for word, meant in (("acuracy", "accuracy"), ("logloss", "log_loss")):
        with pytest.raises(UsageError, match=f"no way '{word}' to .*did you mean '{meant}'"):
            choose_weights(members(30), word)


def test_a_metric_without_value_chooses_nothing(members: Make) -> None:
    alone = [one.subset(one.labels == 0) for one in members(30)]
    with pytest.raises(StatisticsError, match="undefined on these 10 studies"):
        metric_weights(alone, "macro_auc")


def test_weights_of_a_combiner_are_chosen_or_given(members: Make) -> None:
    found = members(60)
    usual = choose_combiner("weighted", found)
    assert usual == metric_weights(found, "macro_auc")
    given = choose_combiner("weighted", weights=(0.5, 0.3, 0.2))
    assert given.combine(np.ones((3, 1, 2)) / 2).tolist() == [[0.5, 0.5]]
    with pytest.raises(UsageError, match="chosen on validation predictions"):
        choose_combiner("weighted")
    with pytest.raises(UsageError, match="weights are for the combiner 'weighted'"):
        choose_combiner("mean", weights="log_loss")
    with pytest.raises(UsageError, match=r"no combiner 'means'; .*did you mean 'mean'"):
        choose_combiner("means")
