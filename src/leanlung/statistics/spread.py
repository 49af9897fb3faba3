"""A spread: how far from the truth a difference may lie, asked for intervals and p-values.

The same source answers for the interval and for the p-value, so the two never disagree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


# Tails so small are told as "less than"; one so large is that of an interval of no width.
_SMALLEST, _LARGEST, _HALVINGS = 1e-12, 0.5 - 1e-9, 50


class Spread(Protocol):
    """What is known of a difference beyond its value.

    Attributes:
        method: How it was reached, as reports print it.
        error: Standard error of the difference as these studies show it, above 0.
    """

    @property
    def method(self) -> str: ...  # noqa: D102 - an attribute

    @property
    def error(self) -> float: ...  # noqa: D102 - an attribute

    def interval(self, level: float) -> tuple[float, float]:
        """Give the two-sided interval of a level in (0, 1)."""
        ...

    def p_at_most(self, limit: float) -> float:
        """Give the one-sided p against the difference being ``limit`` or less."""
        ...

    def p_at_least(self, limit: float) -> float:
        """Give the one-sided p against the difference being ``limit`` or more."""
        ...


@dataclass(frozen=True)
class UnseenSpread:
    """Nothing varies: none of n patients shows a difference, which leaves room for a few.

    Attributes:
        value: The difference, which every patient shows alike.
        patients: How many are concerned, n.
        widest: The largest difference there can be.

    Source: Hanley & Lippman-Hand 1983, JAMA 249(13) (the rule of three), here exact and
        two-sided: ``1 - ((1 - level) / 2) ** (1 / n)`` either way.
    """

    value: float
    patients: int
    widest: float = 1.0

    @property
    def method(self) -> str:
        """Say how it was reached."""
        return f"rule of three for n = {self.patients} patients concerned, as no spread is seen"

    @property
    def error(self) -> float:
        """What one patient would make, as none is seen."""
        return self.widest / self.patients

    def interval(self, level: float) -> tuple[float, float]:
        """Give the interval that n patients without a discordance still allow."""
        reach = self.widest * (1.0 - ((1.0 - level) / 2.0) ** (1.0 / self.patients))
        return max(-self.widest, self.value - reach), min(self.widest, self.value + reach)

    def p_at_most(self, limit: float) -> float:
        """Give the chance of n patients without a discordance if the truth were ``limit``."""
        return self._chance(self.value - limit)

    def p_at_least(self, limit: float) -> float:
        """Give the chance of n patients without a discordance if the truth were ``limit``."""
        return self._chance(limit - self.value)

    def _chance(self, gap: float) -> float:
        if gap <= 0.0:
            return 1.0
        return float(max(0.0, 1.0 - gap / self.widest) ** self.patients)


def tail_below(spread: Spread, limit: float) -> float:
    """Find the smallest tail whose interval lies above ``limit``; 1 where none does.

    For methods that give intervals of any level but no p-value of their own.
    """
    return _smallest(lambda tail: spread.interval(1.0 - 2.0 * tail)[0] > limit)


def tail_above(spread: Spread, limit: float) -> float:
    """Find the smallest tail whose interval lies below ``limit``; 1 where none does."""
    return _smallest(lambda tail: spread.interval(1.0 - 2.0 * tail)[1] < limit)


def _smallest(holds: Callable[[float], bool]) -> float:
    """Find where a condition begins to hold, by halving on a logarithmic scale."""
    low, high = _SMALLEST, _LARGEST
    if holds(low):
        return low
    if not holds(high):
        return 1.0
    for _ in range(_HALVINGS):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
