"""Square-and-add: the interval of a difference from the intervals of its two sides.

A normal interval of a difference is far too short where both models are near perfect: with ten
positives and an AUC of 0.95 a claim at 2.5 % is wrong about 10 times of 100. What is near 1 can
only be missed downwards, so each side gets Wilson's limits, which know that, and the two are
put together with their correlation. `docs/coverage.md` has the figures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from leanlung.statistics.spread import tail_above, tail_below
from leanlung.statistics.student import t_quantile

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class SquareAndAddSpread:
    """The difference of two figures of known variances and covariance.

    Attributes:
        before: Value of the baseline.
        after: Value of the candidate.
        variances: Of the two.
        covariance: Of the two, as they answer the same patients.
        freedom: Degrees of freedom of the variances.
        patients: How many limit what can be known, for where no variance is seen.
        lowest: Worst value there can be.
        best: Best value there can be.
        method: How the variances were reached.

    Source: Newcombe 1998, Statistics in Medicine 17(22), method 10; Zou & Donner 2008,
        Statistics in Medicine 27(10); Wilson 1927, JASA 22, here with the number of studies
        that a share of the same variance would rest on, and Student's t for the normal.
    """

    before: float
    after: float
    variances: tuple[float, float]
    covariance: float
    freedom: float
    patients: int
    lowest: float
    best: float
    method: str

    @property
    def error(self) -> float:
        """The root of the variance of the difference."""
        return math.sqrt(max(0.0, sum(self.variances) - 2.0 * self.covariance))

    def interval(self, level: float) -> tuple[float, float]:
        """Give the interval; it holds the difference and mirrors when the sides are swapped."""
        reach = t_quantile((1.0 + level) / 2.0, self.freedom)
        low, high = square_and_add(
            self.before,
            self.after,
            self.variances,
            self.covariance,
            reach,
            fewest=self.patients,
            lowest=self.lowest,
            best=self.best,
        )
        return float(low), float(high)

    def p_at_most(self, limit: float) -> float:
        """Give the tail of the widest interval that leaves ``limit`` below it."""
        return tail_below(self, limit)

    def p_at_least(self, limit: float) -> float:
        """Give the tail of the widest interval that leaves ``limit`` above it."""
        return tail_above(self, limit)


def square_and_add(
    before: ArrayLike,
    after: ArrayLike,
    variances: tuple[ArrayLike, ArrayLike],
    covariance: ArrayLike,
    reach: ArrayLike,
    *,
    fewest: ArrayLike,
    lowest: float = 0.0,
    best: float = 1.0,
) -> tuple[Numbers, Numbers]:
    """Give the interval of ``after - before``.

    Args:
        before: Any shape, in [lowest, best].
        after: Likewise.
        variances: Of the two.
        covariance: Of the two.
        reach: How many standard errors to each side.
        fewest: Studies that a variance of nought is taken to rest on.
        lowest: Worst value there can be.
        best: Best value there can be.

    Returns:
        Lower and upper ends, of the shape that the arguments share.
    """
    scale = best - lowest
    a, b = ((np.asarray(each, dtype=np.float64) - lowest) / scale for each in (before, after))
    v, w = (np.asarray(each, dtype=np.float64) / scale**2 for each in variances)
    reach = np.asarray(reach, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        both = (a * (1.0 - a) + b * (1.0 - b)) / (v + w)
        # A share varies most with one study.
        studies = np.where((v + w > 0.0) & (both > 0.0), np.maximum(both, 1.0), fewest)
        shared = np.asarray(covariance, dtype=np.float64) / scale**2 / np.sqrt(v * w)
    shared = np.where((v > 0.0) & (w > 0.0), np.clip(shared, -1.0, 1.0), 0.0)
    (a_low, a_high), (b_low, b_high) = (_wilson(each, studies, reach) for each in (a, b))
    low = b - a - _hypotenuse(b - b_low, a_high - a, shared)
    high = b - a + _hypotenuse(b_high - b, a - a_low, shared)
    return np.maximum(low, -1.0) * scale, np.minimum(high, 1.0) * scale


def _wilson(share: Numbers, studies: Numbers, reach: Numbers) -> tuple[Numbers, Numbers]:
    wide = reach**2 / studies
    centre = (share + wide / 2.0) / (1.0 + wide)
    half = np.sqrt(wide * (share * (1.0 - share) + wide / 4.0)) / (1.0 + wide)
    return centre - half, centre + half


def _hypotenuse(one: Numbers, other: Numbers, shared: Numbers) -> Numbers:
    return np.sqrt(np.maximum(0.0, one**2 + other**2 - 2.0 * shared * one * other))
