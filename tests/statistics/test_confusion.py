"""What is read off a confusion matrix is a ratio of counts, or NaN for nought over nought."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn

from leanlung.statistics import confusion, confusion_matrix

# Rows are true, columns answered: 10 of class 0, of which 8 are answered rightly.
COUNTS = np.array([[8.0, 2.0, 0.0], [1.0, 4.0, 0.0], [3.0, 1.0, 0.0]])
NEVER_TRUE = np.array([[8.0, 1.0, 1.0], [1.0, 4.0, 0.0], [0.0, 0.0, 0.0]])


def test_it_counts_by_true_and_by_answered_class():
    counts = confusion_matrix(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), 3)
    assert counts.tolist() == [[1, 1, 0], [0, 2, 0], [0, 0, 0]]


def test_a_study_counts_as_often_as_its_weight():
    weights = np.array([3.0, 0.0, 2.0])
    counts = confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 0]), 2, weights)
    assert counts.tolist() == [[3, 0], [2, 0]]


def test_figures_worked_by_hand():
    assert confusion.accuracy(COUNTS) == 12 / 19
    assert confusion.sensitivity(COUNTS).tolist() == [0.8, 0.8, 0.0]
    assert confusion.specificity(COUNTS).tolist() == [5 / 9, 11 / 14, 1.0]
    np.testing.assert_array_equal(confusion.precision(COUNTS), [8 / 12, 4 / 7, np.nan])
    assert confusion.f(COUNTS).tolist() == [16 / 22, 8 / 12, 0.0]


def test_of_a_class_without_a_study_only_specificity_and_precision_are_known():
    assert np.isnan(confusion.sensitivity(NEVER_TRUE)[2])
    assert np.isnan(confusion.f(NEVER_TRUE)[2])
    assert confusion.precision(NEVER_TRUE)[2] == 0.0
    assert confusion.specificity(NEVER_TRUE)[2] == 14 / 15


def test_without_a_study_nothing_is_known():
    nothing = np.zeros((2, 2))
    assert np.isnan(confusion.accuracy(nothing))
    assert np.isnan(confusion.mcc(nothing))


labelled = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=2, max_size=60
).filter(lambda pairs: len({true for true, _ in pairs}) == 3)


@settings(deadline=None, max_examples=100)
@given(labelled)
def test_they_are_those_of_scikit_learn(pairs):
    true, answered = (np.array(column) for column in zip(*pairs, strict=True))
    counts = confusion_matrix(true, answered, 3)
    precision, sensitivity, f, _ = sklearn.precision_recall_fscore_support(
        true, answered, labels=[0, 1, 2], zero_division=np.nan
    )
    against_rest = sklearn.multilabel_confusion_matrix(true, answered, labels=[0, 1, 2])
    others = against_rest[:, 0]
    np.testing.assert_array_equal(
        counts, sklearn.confusion_matrix(true, answered, labels=[0, 1, 2])
    )
    assert confusion.accuracy(counts) == pytest.approx(sklearn.accuracy_score(true, answered))
    np.testing.assert_allclose(confusion.sensitivity(counts), sensitivity)
    np.testing.assert_allclose(confusion.precision(counts), precision)
    np.testing.assert_allclose(confusion.f(counts), np.nan_to_num(f))
    np.testing.assert_allclose(confusion.specificity(counts), others[:, 0] / others.sum(axis=1))
    mcc = sklearn.matthews_corrcoef(true, answered)
    assert confusion.mcc(counts) == pytest.approx(mcc, abs=1e-12)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=40).filter(
        lambda pairs: all(len(set(column)) == 2 for column in zip(*pairs, strict=True))
    )
)
def test_mcc_of_two_classes_is_the_correlation_of_the_two_answers(pairs):
    true, answered = (np.array(column, dtype=int) for column in zip(*pairs, strict=True))
    expected = np.corrcoef(true, answered)[0, 1]
    found = confusion.mcc(confusion_matrix(true, answered, 2))
    assert found == pytest.approx(expected, abs=1e-12)


def test_mcc_of_an_answer_that_never_changes_is_nothing():
    assert confusion.mcc(np.array([[7.0, 0.0], [3.0, 0.0]])) == 0.0


def test_mcc_of_a_truth_that_never_changes_is_undefined():
    assert np.isnan(confusion.mcc(np.array([[7.0, 3.0], [0.0, 0.0]])))


@pytest.mark.parametrize(
    "figure",
    [
        confusion.accuracy,
        confusion.sensitivity,
        confusion.specificity,
        confusion.precision,
        confusion.f,
        confusion.mcc,
    ],
)
def test_a_stack_of_matrices_gives_what_each_gives_alone(figure):
    stack = np.array([[COUNTS, NEVER_TRUE], [COUNTS.T, np.zeros((3, 3))]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        together = figure(stack)
    apart = [[figure(counts) for counts in row] for row in stack]
    np.testing.assert_array_equal(together, np.array(apart))
