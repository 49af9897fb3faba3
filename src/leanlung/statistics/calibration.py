"""Calibration: how far the probabilities can be taken at their word.

Both figures here are errors, lower is better, and so they are not among the metrics.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics.proportions import clopper_pearson

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from leanlung.statistics.predictions import Predictions


@dataclass(frozen=True)
class ReliabilityBin:
    """Studies answered with about the same confidence.

    Attributes:
        confidence: Mean probability of the answered class, in [0, 1].
        accuracy: Share of them answered rightly, in [0, 1].
        low: Lower end of its Clopper-Pearson interval, which takes studies for independent.
        high: Upper end.
        count: How many studies.
    """

    confidence: float
    accuracy: float
    low: float | None
    high: float | None
    count: int


def reliability_bins(
    predictions: Predictions, *, bins: int = 10, level: float = 0.95
) -> tuple[ReliabilityBin, ...]:
    """Group studies by the probability of their answered class.

    Args:
        predictions: Of one model.
        bins: How many groups of about equal size. Studies of equal confidence are never parted,
            so there may be fewer, and of unequal size.
        level: Of the two-sided intervals, in (0, 1).

    Returns:
        By ascending confidence; none is empty.

    Raises:
        StatisticsError: If there is less than one bin or the level is no share in (0, 1).

    Source: Nixon et al. 2019, Measuring Calibration in Deep Learning (equal-mass bins).
    """
    confidence = predictions.probabilities.max(axis=1)
    right = predictions.predicted == predictions.labels
    bin_of = equal_mass_bins(confidence, bins)
    found = []
    for index in np.unique(bin_of):
        inside = bin_of == index
        count, successes = int(inside.sum()), int(right[inside].sum())
        low, high = clopper_pearson(successes, count, level)
        mean = float(confidence[inside].mean())
        found.append(ReliabilityBin(mean, successes / count, low, high, count))
    return tuple(found)


def equal_mass_bins(scores: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    """Part scores into bins of about equal size; equal scores are never parted.

    Args:
        scores: Shape (n,).
        bins: How many at most.

    Returns:
        Number of the bin of every score, ascending with it, shape (n,); some may be empty.

    Raises:
        StatisticsError: If there is less than one bin.
    """
    if bins < 1:
        msg = f"{bins} bins: one or more are expected, 10 is usual"
        raise StatisticsError(msg)
    rank: NDArray[np.int64] = np.searchsorted(np.sort(scores), scores)
    return rank * bins // len(scores)


def expected_calibration_error(bins: tuple[ReliabilityBin, ...]) -> float:
    """Give the mean distance of accuracy from confidence, in [0, 1]; lower is better.

    Args:
        bins: As `reliability_bins` gives them; each counts by its studies.

    Source: Naeini, Cooper & Hauskrecht 2015, AAAI, but with bins of equal mass.
    """
    studies = sum(each.count for each in bins)
    return sum(each.count * abs(each.accuracy - each.confidence) for each in bins) / studies


def brier_score(predictions: Predictions) -> float:
    """Give the squared distance of the probabilities from the truth; lower is better.

    Returns:
        In [0, 2]: summed over the classes, averaged over the studies. For two classes this is
        twice the figure that looks at one class alone.

    Source: Brier 1950, Monthly Weather Review 78(1).
    """
    truth = np.eye(len(predictions.classes))[predictions.labels]
    return float(np.square(predictions.probabilities - truth).sum(axis=1).mean())
