"""A share lies in [0, 1]; somebody who writes a percentage is told so."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from leanlung.foundations.shares import Share

SHARE = TypeAdapter(Share)


@pytest.mark.parametrize("value", [0, 0.02, 1])
def test_both_ends_are_shares(value):
    assert SHARE.validate_python(value) == value


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (2, "got 2 (for 2 % write 0.02)"),
        (12.5, "got 12.5 (for 12.5 % write 0.125)"),
        (100, "got 100 (for 100 % write 1)"),
    ],
)
def test_a_percentage_is_answered_with_its_share(value, hint):
    with pytest.raises(ValidationError) as caught:
        SHARE.validate_python(value)
    assert f"is a share in [0, 1]; {hint}" in str(caught.value)


@pytest.mark.parametrize("value", [-0.1, 100.5, float("inf"), float("nan")])
def test_what_is_neither_share_nor_percentage_is_refused_without_a_guess(value):
    with pytest.raises(ValidationError, match="is a share in") as caught:
        SHARE.validate_python(value)
    assert f"got {value:g} [" in str(caught.value)  # pydantic's own brackets follow
