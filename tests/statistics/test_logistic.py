"""A logistic fit is the one that statsmodels finds, with the same errors."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from leanlung.statistics.logistic import fit_logistic


def two_classes(x):
    design = np.zeros((len(x), 2, 2))
    design[:, 1, 0], design[:, 1, 1] = 1.0, x
    return design


@pytest.fixture(scope="module")
def noisy():
    generator = np.random.default_rng(0)
    x = generator.normal(size=300)
    labels = (generator.random(300) < 1 / (1 + np.exp(-(0.4 + 1.3 * x)))).astype(int)
    return x, labels


def test_slope_and_intercept_are_those_of_statsmodels(noisy):
    x, labels = noisy
    fit = fit_logistic(two_classes(x), labels)
    theirs = sm.Logit(labels, sm.add_constant(x)).fit(disp=0, tol=1e-12)
    assert fit.parameters == pytest.approx(theirs.params, abs=1e-6)
    assert fit.errors() == pytest.approx(theirs.bse, rel=1e-6)
    assert fit.log_likelihood == pytest.approx(theirs.llf)
    assert fit.scores.sum(axis=0) == pytest.approx(0.0, abs=1e-4)


def test_clustered_errors_are_those_of_statsmodels(noisy):
    x, labels = noisy
    patients = np.arange(300) % 70
    theirs = sm.Logit(labels, sm.add_constant(x)).fit(
        disp=0, cov_type="cluster", cov_kwds={"groups": patients}
    )
    fit = fit_logistic(two_classes(x), labels)
    assert fit.errors(patients) == pytest.approx(theirs.bse, rel=1e-5)


def test_an_offset_holds_a_slope(noisy):
    x, labels = noisy
    offset = np.stack([np.zeros(300), x], axis=1)
    fit = fit_logistic(two_classes(x)[:, :, :1], labels, offset)
    theirs = sm.GLM(labels, np.ones(300), family=sm.families.Binomial(), offset=x).fit(
        tol=1e-12
    )
    assert fit.parameters == pytest.approx(theirs.params, abs=1e-6)
    assert fit.errors() == pytest.approx(theirs.bse, rel=1e-5)


def test_several_classes_are_a_multinomial_fit(noisy):
    x, _ = noisy
    labels = np.random.default_rng(1).integers(3, size=300)
    design = np.zeros((300, 3, 4))
    for index in (1, 2):
        design[:, index, 2 * index - 2], design[:, index, 2 * index - 1] = 1.0, x
    theirs = sm.MNLogit(labels, sm.add_constant(x)).fit(disp=0, tol=1e-12)
    fit = fit_logistic(design, labels)
    assert fit.parameters == pytest.approx(theirs.params.T.ravel(), abs=1e-6)


@pytest.mark.parametrize(
    "labels",
    [[0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0]],
    ids=["parted", "parted elsewhere", "one class", "parted backwards"],
)
def test_what_is_told_apart_perfectly_has_no_fit(labels):
    x = np.array([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0])
    assert fit_logistic(two_classes(x), np.array(labels)) is None


def test_what_is_told_apart_but_for_a_tie_has_no_fit():
    x = np.array([-3.0, -2.0, 0.0, 0.0, 2.0, 3.0])
    assert fit_logistic(two_classes(x), np.array([0, 0, 0, 1, 1, 1])) is None


def test_a_parameter_that_changes_nothing_has_no_fit():
    assert fit_logistic(np.zeros((4, 2, 1)), np.array([0, 1, 0, 1])) is None


def test_far_scores_do_not_throw_it_off():
    """One study of a hundred is answered wrongly with odds of e to the 25."""
    x = np.where(np.arange(100) % 2, 25.0, -25.0)
    labels = np.arange(100) % 2
    labels[0] = 1
    fit = fit_logistic(two_classes(x), labels)
    assert fit is None  # nobody above zero is of the other class: the line has no end
    labels[1] = 0
    fit = fit_logistic(two_classes(x), labels)
    assert fit.parameters == pytest.approx([0.0, np.log(49) / 25], abs=1e-6)
