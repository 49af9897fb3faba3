"""The calibration line of probabilities that are right has slope 1 and intercept 0."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import Predictions
from leanlung.statistics.calibration_line import calibration_lines, joint_slope


def honest(studies=4000, classes=2, seed=0, patients=None):
    """Predictions whose labels are drawn by their own probabilities."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0.0, 1.5, (studies, classes))
    shares = np.exp(logits)
    shares /= shares.sum(axis=1, keepdims=True)
    labels = (shares.cumsum(axis=1) < generator.random((studies, 1))).sum(axis=1)
    return Predictions(
        "large",
        tuple(f"class-{index}" for index in range(classes)),
        tuple(f"study-{row}" for row in range(studies)),
        tuple(f"patient-{row % (patients or studies)}" for row in range(studies)),
        np.minimum(labels, classes - 1),
        shares,
    )


def stretched(predictions, power):
    shares = predictions.probabilities**power
    return replace(predictions, probabilities=shares / shares.sum(axis=1, keepdims=True))


def ends(estimate):
    return estimate.low, estimate.high


@pytest.mark.parametrize("classes", [2, 4])
def test_honest_probabilities_have_slope_one_and_intercept_zero(classes):
    predictions = honest(classes=classes)
    for line in calibration_lines(predictions):
        assert line.slope.value == pytest.approx(1.0, abs=0.12)
        assert line.intercept.value == pytest.approx(0.0, abs=0.2)
        assert line.in_the_large.value == pytest.approx(0.0, abs=0.2)
    slope = joint_slope(predictions)
    assert slope.value == pytest.approx(1.0, abs=0.08)
    assert slope.low < 1.0 < slope.high


def test_probabilities_twice_too_sure_have_half_the_slope():
    predictions = honest()
    for before, after in zip(
        calibration_lines(predictions),
        calibration_lines(stretched(predictions, 2.0)),
        strict=True,
    ):
        assert after.slope.value == pytest.approx(before.slope.value / 2, rel=1e-6)
        assert after.intercept.value == pytest.approx(before.intercept.value, abs=1e-6)
    assert joint_slope(stretched(predictions, 2.0)).value == pytest.approx(
        joint_slope(predictions).value / 2, rel=1e-6
    )


def test_the_line_is_a_logistic_regression_on_the_log_odds():
    predictions = honest(300, classes=3, seed=3)
    line = calibration_lines(predictions)[1]
    share = predictions.probabilities[:, 1]
    odds = np.log(share / (1 - share))
    theirs = sm.Logit((predictions.labels == 1).astype(int), sm.add_constant(odds)).fit(
        disp=0, tol=1e-12
    )
    assert line.intercept.value == pytest.approx(theirs.params[0], abs=1e-6)
    assert line.slope.value == pytest.approx(theirs.params[1], abs=1e-6)
    assert ends(line.intercept) == pytest.approx(theirs.conf_int()[0], abs=1e-5)
    assert ends(line.slope) == pytest.approx(theirs.conf_int()[1], abs=1e-5)


def test_for_two_classes_both_lines_and_the_joint_slope_say_the_same():
    predictions = honest(500, seed=2)
    first, second = calibration_lines(predictions)
    assert first.slope.value == pytest.approx(second.slope.value)
    assert first.intercept.value == pytest.approx(-second.intercept.value)
    assert joint_slope(predictions).value == pytest.approx(first.slope.value)


def test_studies_of_one_patient_widen_the_interval():
    """Every study four times over tells no more than once."""
    once = honest(200, seed=5)
    rows = np.repeat(np.arange(200), 4)
    four = Predictions(
        "large",
        once.classes,
        tuple(f"study-{row}" for row in range(800)),
        tuple(once.patient_ids[row] for row in rows),
        once.labels[rows],
        once.probabilities[rows],
    )
    single, repeated = (calibration_lines(each)[0].slope for each in (once, four))
    assert repeated.value == pytest.approx(single.value)
    width, wider = (high - low for low, high in map(ends, (single, repeated)))
    assert wider == pytest.approx(width, rel=0.15)  # without clusters it would be the half
    assert "clustered by patient" in repeated.method


def test_a_commoner_class_than_the_probabilities_say_lies_above_zero():
    predictions = honest(seed=7)
    kept = (predictions.labels == 1) | (np.arange(len(predictions)) % 3 == 0)
    line = calibration_lines(predictions.subset(kept))[1]
    assert line.in_the_large.value == pytest.approx(np.log(3), abs=0.2)
    assert line.slope.value == pytest.approx(1.0, abs=0.15)


def test_answers_told_apart_perfectly_have_no_line(answers):
    line = calibration_lines(answers([0, 1, 0, 1], [0, 1, 0, 1]))[0]
    assert line.slope.value is None
    assert line.slope.method.startswith("undefined: it takes studies")


def test_plain_noughts_and_ones_are_read_as_nearly_so(answers):
    """11 of 12 answers of each class are right, each with odds of ten to the twelve."""
    labels = [0] * 12 + [1] * 12
    answered = [0] * 11 + [1] + [1] * 11 + [0]
    line = calibration_lines(answers(labels, answered))[1]
    assert line.slope.value == pytest.approx(np.log(11) / np.log(1e12), rel=1e-3)


def test_too_few_patients_have_no_interval():
    line = calibration_lines(honest(40, patients=2, seed=1))[0]
    assert line.slope.value is not None
    assert ends(line.slope) == (None, None)
    assert line.slope.method == "no interval: 2 patients are too few"


def test_a_level_out_of_range_is_refused(chance):
    with pytest.raises(StatisticsError, match="level is a share"):
        calibration_lines(chance(), level=95)


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(60)), st.permutations(range(3)))
def test_order_of_studies_and_classes_changes_nothing(rows, classes):
    predictions = honest(60, classes=3, seed=11)
    before = calibration_lines(predictions)
    turned = predictions.rows(np.array(rows))
    turned = replace(
        turned,
        classes=tuple(predictions.classes[index] for index in classes),
        labels=np.argsort(classes)[turned.labels],
        probabilities=turned.probabilities[:, list(classes)],
    )
    after = {line.of_class: line for line in calibration_lines(turned)}
    for line in before:
        assert after[line.of_class].slope.value == pytest.approx(line.slope.value, rel=1e-6)
        assert after[line.of_class].slope.low == pytest.approx(line.slope.low, rel=1e-6)
