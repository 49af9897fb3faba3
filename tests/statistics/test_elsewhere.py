"""A verdict about one metric hides no loss by another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leanlung.statistics import (
    Comparison,
    Estimate,
    Predictions,
    compare,
    compare_all,
    metrics_elsewhere,
    sentence,
    verdict_of,
)

HOW = {"margin": 0.1, "resamples": 400, "seed": 3}


@pytest.fixture
def pair() -> tuple[Predictions, Predictions]:
    """Two models that rank 200 patients alike; the second answers "well" far too often."""
    generator = np.random.default_rng(0)
    labels = np.repeat([0, 1], 100)
    ill = np.clip(0.25 + 0.5 * labels + generator.normal(0, 0.1, 200), 0.01, 0.99)
    ids = tuple(f"s{n}" for n in range(200))
    patients = tuple(f"p{n}" for n in range(200))
    whole = Predictions(
        "whole", ("well", "ill"), ids, patients, labels, np.stack([1 - ill, ill], axis=1)
    )
    shifted = ill**3  # the same ranks
    small = replace(
        whole, model="small", probabilities=np.stack([1 - shifted, shifted], axis=1)
    )
    return whole, small


def test_everything_but_the_verdicts_metric_is_named():
    assert metrics_elsewhere("auc:ill", ["well", "ill"]) == [
        "accuracy",
        "balanced_accuracy",
        "sensitivity:well",
        "sensitivity:ill",
        "auc:well",
    ]
    assert metrics_elsewhere("macro_auc", ["well", "ill"])[-2:] == ["auc:well", "auc:ill"]


def test_several_metrics_share_the_draws_that_each_would_have_had(pair):
    names = metrics_elsewhere("macro_auc", pair[0].classes)
    found = compare_all(*pair, names, **HOW)
    assert [one.metric for one in found] == names
    assert list(found) == [compare(*pair, metric=name, **HOW) for name in names]


def test_a_shift_of_the_answers_leaves_the_auc_and_is_told_all_the_same(pair):
    names = metrics_elsewhere("auc:ill", pair[0].classes)
    verdict, *others = compare_all(*pair, ["auc:ill", *names], **HOW)
    assert verdict.verdict == "non_inferior"
    lost = {one.metric: one for one in others}
    whole, small = pair
    is_ill = whole.labels == 1
    found = [each.probabilities[is_ill, 1] > 0.5 for each in (whole, small)]  # by hand
    difference = lost["sensitivity:ill"].difference
    assert difference.value == pytest.approx(found[1].mean() - found[0].mean())
    assert lost["sensitivity:ill"].verdict == "inferior"
    told = sentence(verdict, lost.values())
    assert told.startswith(sentence(verdict) + " Beyond the margin all the same: accuracy -")
    assert f"; sensitivity:ill {difference}." in told
    assert "sensitivity:well" not in told


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [(-0.01, 0.01, "all the same"), (-0.05, 0.01, "for certain"), (-0.09, -0.05, "too")],
)
def test_the_sentence_fits_the_verdict(low, high, word):
    def comparison(metric: str, low: float, high: float) -> Comparison:
        model = Estimate("model", 0.9, 0.8, 1.0, 0.95, "by hand", 10, 10)
        middle = (low + high) / 2
        difference = Estimate("difference", middle, low, high, 0.95, "by hand", 10, 10)
        verdict = verdict_of(difference, 0.02)
        return Comparison(metric, model, model, difference, 0.02, verdict)

    others = [comparison("accuracy", -0.2, -0.1), comparison("auc:ill", -0.01, 0.01)]
    told = sentence(comparison("macro_auc", low, high), others)
    assert told.endswith(f" Beyond the margin {word}: accuracy -0.150 [-0.200, -0.100].")
