"""Cramér's V is 0 where two labels tell nothing of each other, 1 where one tells the other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats.contingency import association

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import Contingency, contingency, cramers_v


def table(counts):
    array = np.array(counts)
    rows, columns = (tuple(map(str, range(size))) for size in array.shape)
    return Contingency(rows, columns, array)


def test_pairs_are_counted_by_sorted_label():
    found = contingency(
        ["twitter", "rsna", "rsna", "rsna"], ["covid", "normal", "covid", "normal"]
    )
    assert found.rows == ("rsna", "twitter")
    assert found.columns == ("covid", "normal")
    assert found.counts.tolist() == [[1, 2], [1, 0]]


@pytest.mark.parametrize(("first", "second"), [(["a"], ["b", "c"]), ([], [])])
def test_every_study_has_one_of_each(first, second):
    with pytest.raises(
        StatisticsError, match=f"{len(first)} labels beside {len(second)}; one of"
    ):
        contingency(first, second)


def test_a_class_that_its_source_gives_away_has_one():
    sources = ["rsna"] * 6 + ["twitter"] * 3 + ["guangzhou"] * 4
    classes = ["normal"] * 6 + ["covid"] * 3 + ["bacterial"] * 4
    assert cramers_v(contingency(sources, classes)) == pytest.approx(1.0)
    assert cramers_v(contingency(sources, classes), corrected=True) == pytest.approx(1.0)


@pytest.mark.parametrize("corrected", [False, True])
def test_labels_that_tell_nothing_of_each_other_have_none(corrected):
    assert cramers_v(table([[10, 20], [30, 60]]), corrected=corrected) == 0.0


@settings(deadline=None, max_examples=100)
@given(
    st.integers(2, 4).flatmap(
        lambda width: st.lists(
            st.lists(st.integers(1, 30), min_size=width, max_size=width), min_size=2, max_size=4
        )
    )
)
def test_the_plain_figure_is_that_of_scipy(counts):
    expected = association(np.array(counts), method="cramer")
    assert cramers_v(table(counts)) == pytest.approx(expected, abs=1e-9)


def test_the_corrected_figure_worked_by_hand():
    # Chi-squared is 30 (10 * 12 - 5 * 3)² / (15 * 15 * 13 * 17).
    phi_squared = (120 - 15) ** 2 / (15 * 15 * 13 * 17) - 1 / 29
    expected = math.sqrt(phi_squared / (1 - 1 / 29))
    assert cramers_v(table([[10, 5], [3, 12]]), corrected=True) == pytest.approx(expected)


def test_without_an_association_the_corrected_figure_is_nearer_to_nothing():
    generator = np.random.default_rng(0)
    plain, corrected = [], []
    for _ in range(200):
        labels = generator.integers(5, size=(2, 60)).astype(str).tolist()
        found = contingency(*labels)
        plain.append(cramers_v(found))
        corrected.append(cramers_v(found, corrected=True))
    assert np.mean(corrected) < 0.5 * np.mean(plain)


@pytest.mark.parametrize("corrected", [False, True])
def test_a_label_with_one_value_has_no_association(corrected):
    assert cramers_v(contingency(["rsna"] * 3, ["a", "b", "a"]), corrected=corrected) is None


def test_two_studies_are_too_few_to_correct_for_chance():
    assert cramers_v(contingency(["a", "b"], ["x", "y"]), corrected=True) is None
