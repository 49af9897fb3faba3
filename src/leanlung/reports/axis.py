"""An axis: where a value stands across a table cell, so that rows share one scale.

Places are percentages of the width of the cell. They go into the page as coordinates of inline
SVG, so that a figure drawn in a table is as wide as its column on any screen and on paper.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from leanlung.reports.numbers import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leanlung.statistics import Estimate

Look = Literal["non_inferior", "inferior", "inconclusive", "unpruned", "chosen"]

_INTERVALS = 5
_PADDING = 0.04


@dataclass(frozen=True)
class Line:
    """A line across all rows.

    Attributes:
        place: In percent of the width.
        look: ``zero`` or ``margin``.
    """

    place: float
    look: Literal["zero", "margin"]


@dataclass(frozen=True)
class Strip:
    """A point and its interval in one row; places in percent of the width.

    Attributes:
        value: Of the point.
        low: Of the lower end; that of the point where there is no interval.
        high: Of the upper end.
        look: Sets colour and shape of the point.
    """

    value: float
    low: float
    high: float
    look: Look


@dataclass(frozen=True)
class Tick:
    """A round value on the scale.

    Attributes:
        place: In percent of the width.
        text: The value.
        minor: Whether it goes without its label where there is little room; zero never is.
    """

    place: float
    text: str
    minor: bool


@dataclass(frozen=True)
class Axis:
    """A scale.

    Attributes:
        low: Value at the left edge.
        high: Value at the right edge; above ``low``.
    """

    low: float
    high: float

    @classmethod
    def around(cls, values: Iterable[float | None]) -> Axis:
        """Make an axis that holds all values, with a little room at either side."""
        known = [value for value in values if value is not None]
        low, high = min(known), max(known)
        room = _PADDING * (high - low)
        return cls(low - room, high + room)

    def place(self, value: float) -> float:
        """Give the place of a value, in percent of the width."""
        return round(100 * (value - self.low) / (self.high - self.low), 2)

    def strip(self, found: Estimate, look: Look) -> Strip | None:
        """Place an estimate; None where it is undefined."""
        if found.value is None:
            return None
        low = found.value if found.low is None else found.low
        high = found.value if found.high is None else found.high
        return Strip(self.place(found.value), self.place(low), self.place(high), look)

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """Give round values, about five of them."""
        rough = (self.high - self.low) / _INTERVALS
        power = 10.0 ** math.floor(math.log10(rough))
        # Rounding would otherwise make a step of 0.1 miss a rough 0.1 by a hair.
        step = next(s * power for s in (1, 2, 5, 10) if s * power >= rough * (1 - 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return tuple(
            Tick(self.place(number * step), plain(round(number * step, 10)), number % 2 == 1)
            for number in range(first, last + 1)
        )
