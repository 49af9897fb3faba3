"""BCa: a bootstrap interval corrected for bias and for skew."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from leanlung.statistics.bootstrap import NO_SPREAD
from leanlung.statistics.estimate import require_level

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NORMAL = NormalDist()


def bca_interval(
    value: float,
    resampled: NDArray[np.float64],
    left_out: NDArray[np.float64],
    level: float = 0.95,
) -> tuple[float, float] | None:
    """Give the bias-corrected and accelerated interval.

    Args:
        value: The estimate on all patients.
        resampled: Shape (resamples,); NaN where undefined, which is left out.
        left_out: The estimate without each patient in turn, or without each of many groups of
            patients, shape (groups,); NaN where undefined, which is left out.
        level: In (0, 1), two-sided.

    Returns:
        Lower and upper end, or None if no value is defined or all are the same.

    Raises:
        StatisticsError: If the level is out of range.

    Source: Efron 1987, JASA 82(397); Efron & Tibshirani 1993, section 14.3.
    """
    require_level(level)
    drawn = resampled[~np.isnan(resampled)]
    if not drawn.size or np.ptp(drawn) < NO_SPREAD:
        return None
    below = np.mean(drawn < value - NO_SPREAD) + np.mean(drawn <= value + NO_SPREAD)
    edge = 0.5 / drawn.size
    bias = _NORMAL.inv_cdf(float(np.clip(below / 2.0, edge, 1.0 - edge)))
    skew = acceleration(left_out)
    tails = [_NORMAL.inv_cdf((1.0 + sign * level) / 2.0) for sign in (-1.0, 1.0)]
    shares = [_NORMAL.cdf(bias + (bias + z) / (1.0 - skew * (bias + z))) for z in tails]
    low, high = np.quantile(drawn, shares)
    return float(low), float(high)


def acceleration(left_out: NDArray[np.float64]) -> float:
    """Give how fast the spread changes with the estimate, from the jackknife.

    Args:
        left_out: As for `bca_interval`.

    Returns:
        A sixth of the skewness of what each patient adds; 0 where nothing changes.
    """
    known = left_out[~np.isnan(left_out)]
    added = known.mean() - known if known.size else known
    squares = float(np.sum(added**2))
    return float(np.sum(added**3)) / (6.0 * squares**1.5) if squares > NO_SPREAD**2 else 0.0
