"""A race: how long one thing takes of what another takes, timed in turn."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import NormalDist, median
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

from leanlung.foundations.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LEVEL = 0.95
_FEWEST = 6
"""Rounds below which no pair of order statistics has a level of 0.95."""


@dataclass(frozen=True)
class Race:
    """Two things timed in turn, so that whatever else the machine does, it does to both.

    Attributes:
        first_ms: Median milliseconds of the first.
        second_ms: Median milliseconds of the second.
        ratio: Median over rounds of second by first; below 1 the second is faster.
        low: Of the 95 % interval of that median.
        high: Of the same.
        rounds: How many.
    """

    first_ms: float
    second_ms: float
    ratio: float
    low: float
    high: float
    rounds: int

    @property
    def verdict(self) -> Literal["faster", "slower", "no faster"]:
        """Of the second; ``no faster`` where the interval includes 1."""
        if self.high < 1.0:
            return "faster"
        return "slower" if self.low > 1.0 else "no faster"

    def as_dict(self) -> dict[str, Any]:
        """Give the fields and the verdict, ready for JSON."""
        return asdict(self) | {"verdict": self.verdict}

    def sentence(self) -> str:
        """Say what was found."""
        return (
            f"{self.verdict}: {self.second_ms:.2f} ms against {self.first_ms:.2f} ms, ratio "
            f"{self.ratio:.3f} [{self.low:.3f}, {self.high:.3f}] over {self.rounds} rounds"
        )


def race(
    first: Callable[[], object],
    second: Callable[[], object],
    *,
    rounds: int = 30,
    warm_up: int = 3,
    clock: Callable[[], float] = perf_counter,
) -> Race:
    """Time two things in turn.

    Args:
        first: What is measured against.
        second: What is measured. Which of the two goes first alternates.
        rounds: Pairs that are timed; at least 6.
        warm_up: Pairs before, that are not.
        clock: Gives seconds.

    Returns:
        Medians, and an interval of the median ratio that assumes no distribution.

    Raises:
        UsageError: If there are too few rounds for an interval.
    """
    if rounds < _FEWEST:
        msg = f"{rounds} rounds have no interval; give at least {_FEWEST}"
        raise UsageError(msg)
    for _ in range(warm_up):
        first(), second()
    one: list[float] = []
    two: list[float] = []
    for number in range(rounds):
        ordered = [(first, one), (second, two)]
        for work, seconds in ordered if number % 2 else reversed(ordered):
            start = clock()
            work()
            seconds.append(clock() - start)
    ratios = sorted(b / a for a, b in zip(one, two, strict=True))
    low, high = median_interval(ratios)
    return Race(median(one) * 1e3, median(two) * 1e3, median(ratios), low, high, rounds)


def median_interval(ordered: Sequence[float]) -> tuple[float, float]:
    """Give the 95 % interval of a median by order statistics.

    Args:
        ordered: Six numbers or more, rising.

    Returns:
        The k-th number from below and from above, with k = floor((n - 1.96 sqrt(n)) / 2), but
        at least the outermost.

    Source: Conover 1999, Practical nonparametric statistics, section 3.2 (sign test).
    """
    n = len(ordered)
    reach = NormalDist().inv_cdf((1.0 + LEVEL) / 2.0) * n**0.5
    place = max(int((n - reach) / 2.0), 1)
    return ordered[place - 1], ordered[n - place]
