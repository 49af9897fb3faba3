"""Limits: conditions on numbers, such as ``>= 18``."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


def limit_of(wanted: str) -> tuple[Callable[[float, float], bool], float] | None:
    """Read a condition such as ``>= 18``; None for a plain word.

    Raises:
        ValueError: If what follows the sign is no number.
    """
    for sign, compare in _SIGNS.items():
        if wanted.startswith(sign):
            return compare, float(wanted.removeprefix(sign))
    return None
