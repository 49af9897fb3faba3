"""A count has a least that its field names, and a most that any machine can count to."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, Field, ValidationError

from leanlung.foundations.counts import LARGEST, Count


class Plan(BaseModel):
    epochs: Count = Field(10, ge=1)


@pytest.mark.parametrize("value", [1, 3.0, "7", LARGEST, float(LARGEST)])
def test_a_whole_number_in_range_is_taken(value):
    assert Plan(epochs=value).epochs == int(value)


@pytest.mark.parametrize("value", [LARGEST + 1, 1e23, 10**30, 10**400])
def test_what_is_too_large_is_refused_with_the_largest(value):
    with pytest.raises(ValidationError, match=f"less than or equal to {LARGEST} "):
        Plan(epochs=value)


@pytest.mark.parametrize("value", [0, -1, -1e23])
def test_what_is_too_small_is_refused_with_the_least(value):
    with pytest.raises(ValidationError, match="greater than or equal to 1 "):
        Plan(epochs=value)


@pytest.mark.parametrize("value", [0.5, float("inf"), float("nan"), "ten", None])
def test_what_is_no_whole_number_is_refused(value):
    with pytest.raises(ValidationError, match="epochs"):
        Plan(epochs=value)
