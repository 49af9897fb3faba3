"""Thresholds are frozen where they were found, and measured elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_curve

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import Predictions, measure
from leanlung.statistics.thresholds import RULES, Threshold, called, freeze_thresholds


def scored(shares, labels):
    names = tuple(f"study-{row}" for row in range(len(shares)))
    return Predictions(
        "large",
        ("normal", "covid"),
        names,
        names,
        np.array(labels),
        np.array([[1 - share, share] for share in shares]),
    )


def covid(predictions):
    return {one.rule: one for one in freeze_thresholds(predictions) if one.of_class == "covid"}


def test_both_rules_worked_by_hand():
    """Above 0.35 four of five are found and one of four others is called: 0.8 + 0.75.

    All five take down to 0.1, where three of four others are called too.
    """
    shares = [0.9, 0.8, 0.7, 0.4, 0.1, 0.85, 0.3, 0.2, 0.05]
    found = covid(scored(shares, [1, 1, 1, 1, 1, 0, 0, 0, 0]))
    youden, sure = found["youden"], found["sensitivity_0.95"]
    assert youden.value == pytest.approx(0.35)
    assert (youden.sensitivity, youden.specificity) == (0.8, 0.75)
    assert sure.value == pytest.approx(0.075)
    assert (sure.sensitivity, sure.specificity) == (1.0, 0.25)
    assert (sure.positives, sure.negatives) == (5, 4)


def test_nineteen_of_twenty_are_enough():
    shares = [0.1] + [0.5 + row / 100 for row in range(19)] + [0.3]
    sure = covid(scored(shares, [1] * 20 + [0]))["sensitivity_0.95"]
    assert sure.sensitivity == 0.95
    assert sure.value == pytest.approx(0.4)


def test_classes_come_in_their_order_with_all_rules(chance):
    found = freeze_thresholds(chance())
    assert [(one.of_class, one.rule) for one in found] == [
        (name, rule) for name in ("class-0", "class-1", "class-2") for rule in RULES
    ]


def test_a_class_without_studies_has_no_threshold():
    assert freeze_thresholds(scored([0.2, 0.4], [0, 0])) == ()


def test_what_it_measures_where_it_was_found_is_what_it_says(chance):
    predictions = chance(150, seed=3)
    for threshold in freeze_thresholds(predictions):
        name = threshold.of_class
        sensitivity, specificity = measure(
            called(predictions, threshold),
            metrics=[f"sensitivity:{name}", f"specificity:{name}"],
        )
        assert sensitivity.value == pytest.approx(threshold.sensitivity)
        assert specificity.value == pytest.approx(threshold.specificity)


def test_a_threshold_of_an_unknown_class_is_refused(chance):
    threshold = Threshold("covid", "youden", 0.5, 1.0, 1.0, 3, 4)
    with pytest.raises(StatisticsError, match="a threshold of 'covid', which is none of"):
        called(chance(), threshold)


def test_it_reads_back(chance):
    for one in freeze_thresholds(chance()):
        assert Threshold.from_dict(one.as_dict()) == one


@pytest.mark.parametrize(
    ("value", "rule"), [(1.5, "youden"), (np.nan, "youden"), (0.5, "best")]
)
def test_a_threshold_that_is_none_is_refused(value, rule):
    with pytest.raises(StatisticsError, match="a share in"):
        Threshold("covid", rule, value, 1.0, 1.0, 1, 1)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=2, max_size=30).filter(
        lambda rows: len({label for _, label in rows}) == 2
    )
)
def test_youden_is_the_best_that_scikit_learn_sees(rows):
    shares = [score / 20 for score, _ in rows]
    labels = [int(label) for _, label in rows]
    false_positive, true_positive, _ = roc_curve(labels, shares)
    found = covid(scored(shares, labels))
    youden, sure = found["youden"], found["sensitivity_0.95"]
    best = (true_positive - false_positive).max() + 1
    assert youden.sensitivity + youden.specificity == pytest.approx(best)
    assert sure.sensitivity >= 0.95 - 1e-9
    positive = np.array(shares)[np.array(labels) == 1]
    enough = max(score for score in shares if np.mean(positive >= score) >= 0.95 - 1e-9)
    assert [share >= sure.value for share in shares] == [share >= enough for share in shares]
    assert np.mean(positive >= sure.value) == pytest.approx(sure.sensitivity)
