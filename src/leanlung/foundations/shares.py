"""Shares: fractions in [0, 1], never percentages."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

_PERCENT = 100.0


def _is_share(value: float) -> float:
    if 0.0 <= value <= 1.0:
        return value
    hint = f" (for {value:g} % write {value / _PERCENT:g})" if 1.0 < value <= _PERCENT else ""
    msg = f"is a share in [0, 1]; got {value:g}{hint}"
    raise ValueError(msg)


Share = Annotated[float, AfterValidator(_is_share)]
"""A float in [0, 1]; somebody who writes a percentage is told so."""
