"""A verdict is what the interval of the difference allows one to say, and no more."""

from __future__ import annotations

import json

import pytest

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import Comparison, Estimate, sentence, verdict_of


def estimate(name, value, low, high, level=0.95):
    return Estimate(name, value, low, high, level, "paired DeLong", 261, 250)


def comparison(value, low, high, margin=0.02):
    difference = estimate("small minus large", value, low, high)
    large, small = estimate("large", 0.97, 0.95, 0.99), estimate("small", 0.96, 0.94, 0.98)
    return Comparison(
        "macro_auc", large, small, difference, margin, verdict_of(difference, margin)
    )


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.019, 0.003, "non_inferior"),
        (-0.019, -0.001, "non_inferior"),
        (0.001, 0.003, "non_inferior"),
        (-0.020, 0.003, "inconclusive"),
        (-0.030, -0.019, "inconclusive"),
        (-0.030, 0.030, "inconclusive"),
        (-0.030, -0.020, "inconclusive"),
        (-0.030, -0.021, "inferior"),
        (None, None, "inconclusive"),
    ],
)
def test_the_verdict_depends_on_where_the_interval_lies_against_minus_the_margin(
    low, high, verdict
):
    assert verdict_of(estimate("difference", 0.0, low, high), margin=0.02) == verdict


@pytest.mark.parametrize("margin", [0.0, -0.02, 1.0, 2])
def test_a_margin_is_a_positive_share(margin):
    with pytest.raises(StatisticsError, match=r"positive share below 1; got .* write 0\.02"):
        verdict_of(estimate("difference", 0.0, -0.01, 0.01), margin)


@pytest.mark.parametrize(
    ("value", "low", "high", "says"),
    [
        (
            -0.004,
            -0.011,
            0.003,
            "small is non-inferior to large within 0.02 of macro_auc: difference -0.004 "
            "[-0.011, 0.003] (95 % interval, paired DeLong, 261 studies of 250 patients).",
        ),
        (
            -0.006,
            -0.011,
            -0.001,
            "small is non-inferior to large within 0.02 of macro_auc: difference -0.006 "
            "[-0.011, -0.001] (95 % interval, paired DeLong, 261 studies of 250 patients); the "
            "whole interval lies below zero, so a small loss is likely.",
        ),
        (
            0.006,
            0.001,
            0.011,
            "small is non-inferior to large within 0.02 of macro_auc: difference 0.006 "
            "[0.001, 0.011] (95 % interval, paired DeLong, 261 studies of 250 patients); the "
            "whole interval lies above zero, so a gain is likely.",
        ),
        (
            -0.004,
            -0.031,
            0.023,
            "inconclusive: whether small loses more than 0.02 of macro_auc against large "
            "cannot be told from these studies: difference -0.004 [-0.031, 0.023] "
            "(95 % interval, paired DeLong, 261 studies of 250 patients).",
        ),
        (
            -0.016,
            -0.031,
            -0.001,
            "inconclusive: whether small loses more than 0.02 of macro_auc against large "
            "cannot be told from these studies: difference -0.016 [-0.031, -0.001] "
            "(95 % interval, paired DeLong, 261 studies of 250 patients); the whole interval "
            "lies below zero, so a loss is likely, its size is open.",
        ),
        (
            -0.04,
            -0.05,
            -0.03,
            "small is inferior to large, losing more than 0.02 of macro_auc: difference -0.040 "
            "[-0.050, -0.030] (95 % interval, paired DeLong, 261 studies of 250 patients).",
        ),
        (
            None,
            None,
            None,
            "inconclusive: the difference in macro_auc between small and large has no interval "
            "(paired DeLong).",
        ),
    ],
)
def test_the_sentence_is_never_stronger_than_the_interval(value, low, high, says):
    assert sentence(comparison(value, low, high)) == says


def test_it_survives_json_under_the_names_of_its_fields():
    original = comparison(-0.004, -0.011, 0.003)
    entries = json.loads(json.dumps(original.as_dict()))
    assert list(entries) == [
        "metric", "baseline", "candidate", "difference", "margin", "verdict",
    ]  # fmt: skip
    assert entries["difference"]["low"] == -0.011
    assert Comparison.from_dict(entries) == original


def test_an_unknown_or_missing_entry_is_refused_by_name():
    entries = comparison(-0.004, -0.011, 0.003).as_dict()
    del entries["margin"]
    with pytest.raises(StatisticsError, match=r"no Comparison: missing \['margin'\]"):
        Comparison.from_dict(entries)


@pytest.mark.parametrize("verdict", ["inferior", "lossless"])
def test_a_verdict_that_its_interval_does_not_give_is_refused(verdict):
    entries = comparison(-0.004, -0.011, 0.003).as_dict()
    with pytest.raises(
        StatisticsError, match=rf"macro_auc: verdict '{verdict}', but .* says 'non_inferior'"
    ):
        Comparison.from_dict({**entries, "verdict": verdict})
