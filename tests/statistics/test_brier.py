"""The parts of a Brier score sum to it, whatever the bins."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import Predictions, brier_score
from leanlung.statistics.brier import brier_parts


def two_classes(shares, labels):
    count = len(shares)
    names = tuple(f"study-{row}" for row in range(count))
    return Predictions(
        "large",
        ("normal", "covid"),
        names,
        names,
        np.array(labels),
        np.array([[1 - share, share] for share in shares]),
    )


def test_parts_worked_by_hand():
    """Two bins of two: answered 0.2 and 0.8, of which a half and all are of the class.

    Reliability (0.3² + 0.2²) / 2 = 0.065, resolution (0.25² + 0.25²) / 2 = 0.0625,
    uncertainty 0.75 * 0.25 = 0.1875; each counts for both classes.
    """
    parts = brier_parts(two_classes([0.2, 0.2, 0.8, 0.8], [0, 1, 1, 1]), bins=2)
    assert parts.reliability == pytest.approx(2 * 0.065)
    assert parts.resolution == pytest.approx(2 * 0.0625)
    assert parts.uncertainty == pytest.approx(2 * 0.1875)
    assert parts.within_bins == pytest.approx(0.0)
    assert parts.score == pytest.approx(2 * (0.04 + 0.64 + 0.04 + 0.04) / 4)


def test_what_the_bins_hide_is_told():
    """One bin: it spreads by 0.3 around 0.5, and each study is on the side it is said to be.

    Within: 0.3² - 2 * 0.3 * 0.5 = -0.21 for each class; the score is 2 * 0.2².
    """
    parts = brier_parts(two_classes([0.2, 0.8], [0, 1]), bins=1)
    assert (parts.reliability, parts.resolution) == (pytest.approx(0.0), pytest.approx(0.0))
    assert parts.within_bins == pytest.approx(2 * -0.21)
    assert parts.score == pytest.approx(2 * 0.04)


@pytest.mark.parametrize("bins", [1, 3, 10, 1000])
def test_the_parts_sum_to_the_score_of_scikit_learn(chance, bins):
    predictions = chance(90, classes=2, seed=4)
    theirs = brier_score_loss(predictions.labels, predictions.probabilities[:, 1])
    assert brier_parts(predictions, bins=bins).score == pytest.approx(2 * theirs)


def test_probabilities_of_the_base_rate_are_reliable_and_say_nothing():
    parts = brier_parts(two_classes([0.25] * 8, [1, 1, 0, 0, 0, 0, 0, 0]))
    assert (parts.reliability, parts.resolution) == (pytest.approx(0.0), pytest.approx(0.0))
    assert parts.score == pytest.approx(parts.uncertainty)


def test_certain_and_right_answers_resolve_all(answers):
    parts = brier_parts(answers([0, 1, 0, 0], [0, 1, 0, 0]))
    assert parts.resolution == pytest.approx(parts.uncertainty)
    assert parts.score == pytest.approx(0.0)


def test_less_than_one_bin_is_refused(chance):
    with pytest.raises(StatisticsError, match="0 bins: one or more are expected"):
        brier_parts(chance(), bins=0)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 5), st.integers(1, 40), st.integers(1, 15), st.integers(0, 10**6))
def test_the_identity_holds_with_ties_and_absent_classes(classes, studies, bins, seed):
    generator = np.random.default_rng(seed)
    shares = generator.integers(0, 4, (studies, classes)) + np.eye(classes)[0]
    names = tuple(f"study-{row}" for row in range(studies))
    predictions = Predictions(
        "large",
        tuple(f"class-{index}" for index in range(classes)),
        names,
        names,
        generator.integers(0, classes, studies),
        shares / shares.sum(axis=1, keepdims=True),
    )
    parts = brier_parts(predictions, bins=bins)
    assert parts.score == pytest.approx(brier_score(predictions), abs=1e-12)
    assert min(parts.reliability, parts.resolution, parts.uncertainty) >= 0.0
    turned = replace(predictions.rows(np.arange(studies)[::-1]), model="turned")
    assert brier_parts(turned, bins=bins).reliability == pytest.approx(parts.reliability)
