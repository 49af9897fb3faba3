"""The bootstrap over patients: whole patients are drawn, with all their studies.

A resample is no copy of the data but a whole number a study, how often it counts. One vector
at a time is made, so memory does not grow with the number of resamples. What shows no error
adds nothing to the width, so a small class answered without one makes an average look surer
than it is.

Source: Field & Welsh 2007, JRSS B 69(3) (the cluster bootstrap); Efron & Tibshirani 1993,
    chapter 13 (percentile intervals).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import StatisticsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

# Above this share of resamples without a value the reader is told.
_UNDEFINED_TOLERATED = 0.05

# Far below one study's worth, far above what rounding leaves of none.
NO_SPREAD = 1e-12

# More groups make the skew of a bootstrap interval no better known.
_GROUPS = 400


def patient_weights(
    patients: NDArray[np.int64], *, resamples: int, seed: int
) -> Iterator[NDArray[np.float64]]:
    """Draw patients with replacement, as many as there are.

    Args:
        patients: Shape (n,): number of the patient of every study, from 0 without gaps.
        resamples: How often to draw.
        seed: The same seed and patients give the same weights, which is what pairs two models.

    Yields:
        Shape (n,): how often every study counts in one resample.
    """
    for drawn in patient_draws(int(patients.max()) + 1, resamples=resamples, seed=seed):
        yield drawn[patients]


def patient_draws(count: int, *, resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Draw patients as `patient_weights` does, and give how often every patient counts.

    Args:
        count: How many patients there are.
        resamples: How often to draw.
        seed: The same seed and count give the same draws.

    Yields:
        Shape (count,).
    """
    generator = np.random.default_rng(seed)
    for _ in range(resamples):
        drawn = np.bincount(generator.integers(count, size=count), minlength=count)
        yield drawn.astype(np.float64)


def patients_left_out(count: int, *, seed: int) -> Iterator[NDArray[np.float64]]:
    """Leave each patient out in turn; of more than 400, each of 400 groups drawn by chance.

    Args:
        count: How many patients there are.
        seed: Of the groups.

    Yields:
        Shape (count,): 0 for those left out, 1 for the others.
    """
    group = np.random.default_rng(seed).permutation(count) % _GROUPS
    for index in range(min(count, _GROUPS)):
        yield (group != index).astype(np.float64)


def percentile_interval(
    resampled: NDArray[np.float64], level: float
) -> tuple[float, float] | None:
    """Give the interval between two quantiles of the resampled values.

    Args:
        resampled: Shape (resamples,); NaN where undefined, which is left out.
        level: In (0, 1), two-sided.

    Returns:
        Lower and upper end, or None if no value is defined or all are the same.
    """
    defined = resampled[~np.isnan(resampled)]
    if not defined.size or np.ptp(defined) < NO_SPREAD:
        return None
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(defined, [tail, 1.0 - tail])
    return float(low), float(high)


def description(
    resampled: NDArray[np.float64], *, repeats_patients: bool, limits: str = "percentile"
) -> str:
    """Say how the interval was reached, and if many resamples had no value."""
    kind = "patient-cluster bootstrap" if repeats_patients else "bootstrap over patients"
    undefined = int(np.isnan(resampled).sum())
    told = undefined > _UNDEFINED_TOLERATED * len(resampled)
    caveat = f" ({undefined} of them undefined and left out)" if told else ""
    return f"{kind}, {limits}, {len(resampled)} resamples{caveat}"


def require_resamples(resamples: int, level: float) -> None:
    """Refuse so few resamples that the tails of the interval hold none.

    Raises:
        StatisticsError: If they are too few for the level.
    """
    fewest = math.ceil(round(2.0 / (1.0 - level), 6))
    if resamples < fewest:
        msg = (
            f"{resamples} resamples are too few for the tails of a {level:g} interval; give "
            f"{fewest} at the very least, 2000 for figures that are published"
        )
        raise StatisticsError(msg)
