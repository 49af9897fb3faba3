"""What a call is worth follows from sensitivity, specificity and how common the class is."""

from __future__ import annotations

import json

import numpy as np
import pytest

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import Estimate, Predictions, clopper_pearson
from leanlung.statistics.predictive_values import (
    PREVALENCES,
    operating_change,
    operating_point,
    predictive_values,
)
from leanlung.statistics.thresholds import Threshold

HALF = Threshold("covid", "youden", 0.5, 1.0, 1.0, 3, 4)


def share(value, low, high):
    return Estimate("share", value, low, high, 0.975, "by hand", 100, 100)


def answered(found, missed, false, right, *, patients=None):
    labels = [1] * (found + missed) + [0] * (false + right)
    scores = [0.9] * found + [0.1] * missed + [0.9] * false + [0.1] * right
    names = tuple(f"study-{row}" for row in range(len(labels)))
    owners = (
        names if patients is None else tuple(f"p{row % patients}" for row in range(len(names)))
    )
    return Predictions(
        "large",
        ("normal", "covid"),
        names,
        owners,
        np.array(labels),
        np.array([[1 - score, score] for score in scores]),
    )


def test_of_a_thousand_people_by_hand():
    """At 1 % of 10,000: 90 of 100 found, 990 of 9,900 called wrongly: 90 / 1,080."""
    values = predictive_values(share(0.9, 0.8, 0.95), share(0.9, 0.85, 0.94), 0.01)
    assert values.positive.value == pytest.approx(90 / 1080)
    assert values.negative.value == pytest.approx(8910 / 8920)
    assert values.positive.low == pytest.approx(80 / (80 + 0.15 * 9900))
    assert values.negative.high == pytest.approx(0.94 * 9900 / (0.94 * 9900 + 5))
    assert (values.positive.name, values.negative.name) == ("ppv", "npv")
    assert values.positive.level == 0.95


def test_at_the_prevalence_of_the_set_it_is_the_precision():
    point = operating_point(answered(40, 10, 15, 35), HALF, prevalences=(0.5,))
    (values,) = point.predictive_values
    assert values.positive.value == pytest.approx(40 / 55)
    assert values.negative.value == pytest.approx(35 / 45)
    assert point.sensitivity.value == 0.8
    assert (point.sensitivity.low, point.sensitivity.high) == clopper_pearson(40, 50)


def test_its_ends_come_from_wider_intervals():
    point = operating_point(answered(40, 10, 15, 35), HALF)
    assert [one.prevalence for one in point.predictive_values] == list(PREVALENCES)
    sensitivity, specificity = clopper_pearson(40, 50, 0.975), clopper_pearson(35, 50, 0.975)
    for values in point.predictive_values:
        for end, found in enumerate((values.positive.low, values.positive.high)):
            right = sensitivity[end] * values.prevalence
            wrong = (1 - specificity[end]) * (1 - values.prevalence)
            assert found == pytest.approx(right / (right + wrong))


def test_none_seen_still_has_an_interval():
    (values,) = operating_point(
        answered(20, 0, 0, 20), HALF, prevalences=(0.05,)
    ).predictive_values
    assert (values.positive.value, values.positive.high) == (1.0, 1.0)
    assert 0.0 < values.positive.low < 0.5  # 20 of 20 leave room for many false calls


def test_where_nobody_is_called_it_has_no_value():
    (values,) = operating_point(
        answered(0, 20, 0, 20), HALF, prevalences=(0.05,)
    ).predictive_values
    assert values.positive.value is None
    assert values.positive.method == "undefined: nobody would be called so"
    assert values.negative.value == pytest.approx(0.95)


def test_without_a_study_of_the_class_it_says_what_is_missing():
    point = operating_point(answered(0, 0, 3, 20), HALF, prevalences=(0.05,))
    assert point.predictive_values[0].positive.method.startswith("undefined: it takes a study")


def test_repeated_patients_are_drawn_whole():
    point = operating_point(
        answered(40, 10, 15, 35, patients=50), HALF, prevalences=(0.05,), resamples=200
    )
    assert "patient-cluster bootstrap" in point.predictive_values[0].positive.method


@pytest.mark.parametrize("prevalence", [0.0, 1.0, 5.0, np.nan])
def test_a_prevalence_out_of_range_is_refused(prevalence):
    with pytest.raises(StatisticsError, match=r"for 5 % write 0\.05"):
        predictive_values(share(0.9, 0.8, 1.0), share(0.9, 0.8, 1.0), prevalence)


def test_it_can_be_written_as_json():
    told = json.loads(json.dumps(operating_point(answered(4, 1, 1, 4), HALF).as_dict()))
    assert told["threshold"]["value"] == 0.5
    assert set(told["predictive_values"][0]) == {"prevalence", "positive", "negative"}


def test_the_change_pairs_two_models_at_their_own_thresholds():
    before, after = answered(40, 10, 15, 35), answered(35, 15, 15, 35)
    sensitivity, specificity = operating_change((before, HALF), (after, HALF))
    assert sensitivity.value == pytest.approx(-0.1)
    assert specificity.value == pytest.approx(0.0)
    lowered = Threshold("covid", "youden", 0.05, 1.0, 1.0, 3, 4)
    sensitivity, specificity = operating_change((before, HALF), (after, lowered))
    assert sensitivity.value == pytest.approx(0.2)
    assert specificity.value == pytest.approx(-0.7)


def test_the_interval_covers_as_often_as_it_says():
    """2,000 sets of 30 and 60: the true PPV at 5 % lies inside 95 % of the time or more."""
    generator = np.random.default_rng(0)
    true = 0.8 * 0.05 / (0.8 * 0.05 + 0.1 * 0.95)
    ends = {(n, k): clopper_pearson(k, n, 0.975) for n in (30, 60) for k in range(n + 1)}
    inside = 0
    for found, right in zip(
        generator.binomial(30, 0.8, 2000), generator.binomial(60, 0.9, 2000), strict=True
    ):
        low, high = zip(ends[30, found], ends[60, right], strict=True)
        values = predictive_values(
            share(found / 30, low[0], high[0]), share(right / 60, low[1], high[1]), 0.05
        ).positive
        inside += values.low <= true <= values.high
    assert inside / 2000 >= 0.95
