"""A temperature undoes the very sharpness that was put in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics.temperature import at_temperature, fit_temperature, temperature_of


@pytest.fixture(scope="module")
def drawn():
    """Logits and labels that are drawn by them."""
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 1.5, (3000, 3))
    shares = np.exp(log_softmax(logits, axis=1))
    labels = (shares.cumsum(axis=1) < generator.random((3000, 1))).sum(axis=1)
    return logits, labels


def test_honest_logits_have_temperature_one(drawn):
    logits, labels = drawn
    assert fit_temperature(labels, logits).value == pytest.approx(1.0, abs=0.05)


def test_logits_three_times_too_far_apart_have_three_times_the_temperature(drawn):
    logits, labels = drawn
    once, thrice = fit_temperature(labels, logits), fit_temperature(labels, 3 * logits)
    assert thrice.value == pytest.approx(3 * once.value)
    assert thrice.log_loss == pytest.approx(once.log_loss)
    assert thrice.log_loss < thrice.log_loss_before
    assert (thrice.studies, thrice.caveat) == (3000, "")


def test_it_is_where_a_search_finds_the_least_loss(drawn):
    logits, labels = drawn[0][:200] * 2.5, drawn[1][:200]

    def loss(temperature):
        return -log_softmax(logits / temperature, axis=1)[np.arange(200), labels].mean()

    found = fit_temperature(labels, logits)
    searched = minimize_scalar(
        loss, bounds=(0.1, 10), method="bounded", options={"xatol": 1e-8}
    )
    assert found.value == pytest.approx(searched.x, rel=1e-4)
    assert found.log_loss == pytest.approx(searched.fun)
    assert found.log_loss_before == pytest.approx(loss(1.0))


def test_constants_added_to_a_row_change_nothing(drawn):
    logits, labels = drawn
    moved = logits + np.arange(3000)[:, np.newaxis] / 100
    assert fit_temperature(labels, moved).value == pytest.approx(
        fit_temperature(labels, logits).value
    )


def test_where_all_is_right_it_stays_one(answers):
    found = temperature_of(answers([0, 1, 1], [0, 1, 1]))
    assert found.value == 1.0
    assert found.caveat == "no temperature is best: every study is answered rightly"
    assert found.log_loss == found.log_loss_before


def test_where_more_is_wrong_than_right_it_stays_one():
    logits = np.array([[1.0, 0.0]] * 5)
    found = fit_temperature(np.array([1, 1, 1, 0, 0]), logits)
    assert (found.value, found.caveat) == (
        1.0,
        "no temperature is best: chance answers as well as this",
    )


def test_two_studies_by_hand():
    """Odds of 9 to 1, right two times of three: the best odds are 2 to 1."""
    logits = np.log(np.array([[0.9, 0.1]] * 3))
    found = fit_temperature(np.array([0, 0, 1]), logits)
    assert found.value == pytest.approx(np.log(9) / np.log(2))
    assert at_temperature(np.array([[0.9, 0.1]]), found.value) == pytest.approx(
        np.array([[2 / 3, 1 / 3]])
    )


def test_noughts_stay_and_one_changes_nothing():
    shares = np.array([[0.0, 0.25, 0.75], [1.0, 0.0, 0.0]])
    assert at_temperature(shares, 1.0) == pytest.approx(shares)
    assert at_temperature(shares, 2.0)[:, 0].tolist() == [0.0, 1.0]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(0.001, 1.0), min_size=2, max_size=6),
    st.floats(0.2, 20.0),
)
def test_the_order_of_the_classes_stays_and_rows_sum_to_one(weights, temperature):
    shares = np.array([weights]) / np.sum(weights)
    found = at_temperature(shares, temperature)
    assert found.sum() == pytest.approx(1.0)
    order = np.argsort(shares[0], kind="stable")
    assert (np.diff(found[0][order]) >= -1e-12).all()
    assert at_temperature(found, 1 / temperature) == pytest.approx(shares, rel=1e-6)


@pytest.mark.parametrize("temperature", [0.0, -1.0, np.nan, np.inf])
def test_a_temperature_that_is_none_is_refused(temperature):
    with pytest.raises(StatisticsError, match="a positive number is expected"):
        at_temperature(np.array([[0.5, 0.5]]), temperature)


def test_shapes_that_do_not_fit_and_infinite_logits_are_refused():
    with pytest.raises(StatisticsError, match=r"labels of shape \(2,\) beside logits"):
        fit_temperature(np.array([0, 1]), np.zeros((3, 2)))
    with pytest.raises(StatisticsError, match="a logit is not finite"):
        fit_temperature(np.array([0]), np.array([[0.0, -np.inf]]))
