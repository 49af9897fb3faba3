"""Tango's score interval: the difference of two shares of the same studies."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics.estimate import require_level

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_HALVINGS = 60


@dataclass(frozen=True)
class ScoreSpread:
    """The difference of two shares, from the studies that only one model answers rightly.

    Attributes:
        gained: Studies that only the candidate answers rightly.
        lost: Studies that only the baseline answers rightly.
        studies: How many there are, of one patient each.

    Source: Tango 1998, Statistics in Medicine 17(8).
    """

    gained: int
    lost: int
    studies: int

    @property
    def method(self) -> str:
        """Say how it was reached."""
        return f"Tango score, {self.gained} gained and {self.lost} lost of {self.studies}"

    @property
    def error(self) -> float:
        """As if the truth were no difference: the root of the discordant over n."""
        return float(np.sqrt(self.gained + self.lost)) / self.studies

    def interval(self, level: float) -> tuple[float, float]:
        """Give the score interval."""
        return tango_interval(self.gained, self.lost, self.studies, level)

    def p_at_most(self, limit: float) -> float:
        """Give the p of the score test."""
        return NormalDist().cdf(-self._score(limit))

    def p_at_least(self, limit: float) -> float:
        """Give the p of the score test to the other side."""
        return NormalDist().cdf(self._score(limit))

    def _score(self, limit: float) -> float:
        return float(tango_score(self.gained, self.lost, self.studies, limit))


def tango_interval(
    gained: int, lost: int, studies: int, level: float = 0.95
) -> tuple[float, float]:
    """Give the interval of a difference of two paired shares, ``(gained - lost) / studies``.

    Args:
        gained: Studies that only the second model answers rightly.
        lost: Studies that only the first answers rightly.
        studies: All of them, of one patient each.
        level: In (0, 1), two-sided.

    Returns:
        Lower and upper end in [-1, 1].

    Raises:
        StatisticsError: If the counts do not fit together or the level is out of range.

    Examples:
        >>> low, high = tango_interval(6, 16, 161)
        >>> round(low, 4), round(high, 4)
        (-0.124, -0.0054)

    Source: Tango 1998, Statistics in Medicine 17(8), section 4.
    """
    require_level(level)
    if min(gained, lost) < 0 or studies < 1 or gained + lost > studies:
        msg = (
            f"{gained} gained and {lost} lost of {studies} studies: counts from 0 that sum to "
            "the studies at most are expected"
        )
        raise StatisticsError(msg)
    reach = NormalDist().inv_cdf((1.0 + level) / 2.0)
    value = (gained - lost) / studies

    def end(inside: float, outside: float, sign: float) -> float:
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2.0
            if sign * float(tango_score(gained, lost, studies, middle)) < reach:
                inside = middle
            else:
                outside = middle
        return outside

    return end(value, -1.0, 1.0), end(value, 1.0, -1.0)


def tango_score(
    gained: ArrayLike, lost: ArrayLike, studies: ArrayLike, difference: ArrayLike
) -> NDArray[np.float64]:
    """Give the score of an assumed difference, standard normal if it is the true one.

    Args:
        gained: Studies that only the second model answers rightly, any shape.
        lost: Studies that only the first answers rightly.
        studies: All of them.
        difference: Assumed, in [-1, 1].

    Returns:
        Of the shape that the arguments share; above zero where more was seen than assumed.
        Infinite where what was seen cannot be under the assumption.
    """
    b, c, n, d = (
        np.asarray(each, dtype=np.float64) for each in (gained, lost, studies, difference)
    )
    # The share of losses, likeliest of all that go with the assumed difference.
    linear = (2.0 * n - b + c) * d - b - c
    root = np.sqrt(np.maximum(0.0, linear**2 + 8.0 * n * c * d * (1.0 - d)))
    share = np.maximum(0.0, (root - linear) / (4.0 * n))
    spread = np.sqrt(np.maximum(0.0, n * (2.0 * share + d * (1.0 - d))))
    gap = b - c - n * d
    near = np.abs(gap) < 1e-12
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(near, 0.0, gap / spread)
