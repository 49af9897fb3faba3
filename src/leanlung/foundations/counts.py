"""Counts: whole numbers of a size that any machine can count to."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

LARGEST = 1_000_000_000


def whole(value: object) -> object:
    """Turn 1e23 into a whole number, so that it is refused by its range like any other."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Count = Annotated[int, BeforeValidator(whole), Field(le=LARGEST)]
"""A number of images, epochs or steps; ``= Field(10, ge=1)`` says the least."""
