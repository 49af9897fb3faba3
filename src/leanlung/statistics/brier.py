"""The Brier score taken apart: unreliable, uninformative, and what nobody can help."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from leanlung.statistics.calibration import equal_mass_bins

if TYPE_CHECKING:
    from typing import Any

    from leanlung.statistics.predictions import Predictions


@dataclass(frozen=True)
class BrierParts:
    """Parts of a Brier score: ``reliability - resolution + uncertainty + within_bins``.

    Attributes:
        reliability: How far the probabilities of a bin lie from what happened; 0 is best.
        resolution: How far what happened in the bins differs from bin to bin; more is better.
        uncertainty: What the classes themselves leave open; the same for every model.
        within_bins: What the binning hides; the parts sum to the score exactly because it is
            told.
        bins: How many bins were asked for.
    """

    reliability: float
    resolution: float
    uncertainty: float
    within_bins: float
    bins: int

    @property
    def score(self) -> float:
        """The Brier score, in [0, 2], as `brier_score` gives it."""
        return self.reliability - self.resolution + self.uncertainty + self.within_bins

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return asdict(self)


def brier_parts(predictions: Predictions, *, bins: int = 10) -> BrierParts:
    """Take the Brier score apart, class by class against the rest, and sum over the classes.

    Args:
        predictions: Of one model.
        bins: Of about equal size, by the probability of the class. Studies of equal
            probability are never parted, so there may be fewer.

    Raises:
        StatisticsError: If there is less than one bin.

    Source: Murphy 1973, Journal of Applied Meteorology 12(4); the part within the bins is
        from Stephenson, Coelho & Jolliffe 2008, Weather and Forecasting 23(4).
    """
    reliability = resolution = uncertainty = within = 0.0
    for index in range(len(predictions.classes)):
        answered = predictions.probabilities[:, index]
        happened = (predictions.labels == index).astype(np.float64)
        _, bin_of = np.unique(equal_mass_bins(answered, bins), return_inverse=True)
        counts = np.bincount(bin_of)
        mean_answered = (np.bincount(bin_of, answered) / counts)[bin_of]
        mean_happened = (np.bincount(bin_of, happened) / counts)[bin_of]
        share = happened.mean()
        spread = answered - mean_answered
        reliability += float(np.square(mean_answered - mean_happened).mean())
        resolution += float(np.square(mean_happened - share).mean())
        uncertainty += float(share * (1.0 - share))
        within += float((spread**2 - 2.0 * spread * (happened - mean_happened)).mean())
    return BrierParts(reliability, resolution, uncertainty, within, bins)
