"""Holm's adjusted p-values are those of statsmodels, whatever their order."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics.holm import holm

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from statsmodels.stats.multitest import multipletests

several = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=12)


@given(several)
def test_they_are_those_of_statsmodels(p_values):
    expected = multipletests(p_values, method="holm")[1]
    assert holm(p_values) == pytest.approx(expected.tolist())


def test_worked_by_hand():
    # 3 times 0.01; 2 times 0.02; 1 times 0.03 would be below the one before it, so 0.04.
    assert holm([0.03, 0.01, 0.02]) == pytest.approx((0.04, 0.03, 0.04))


@given(several)
def test_none_is_smaller_than_it_was_and_their_order_stays(p_values):
    adjusted = holm(p_values)
    assert all(after >= before for before, after in zip(p_values, adjusted, strict=True))
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    assert [adjusted[index] for index in order] == sorted(adjusted)


def test_one_claim_needs_no_correction_and_none_gives_none():
    assert holm([0.02]) == (0.02,)
    assert holm([]) == ()


@pytest.mark.parametrize("p", [-0.01, 1.01, float("nan")])
def test_what_is_no_p_value_is_refused_by_its_place(p):
    with pytest.raises(StatisticsError, match="p-value 2 of 2 is"):
        holm([0.5, p])
