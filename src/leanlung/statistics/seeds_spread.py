"""A spread over patients and seeds: how far a mean over seeds may lie from the truth.

The truth is the mean over all seeds that could have been drawn and all patients that could
have come. Both are sampled, so both variances count: that of patients, as the bootstrap shows
it for the mean over these seeds, and that between seeds over their number. What seeds and
patients do together is in both, so the sum errs on the wide side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from leanlung.statistics.spread import tail_above, tail_below
from leanlung.statistics.student import t_quantile


@dataclass(frozen=True)
class SeedsSpread:
    """The mean of S seeds on the same n patients, and what is known beyond it.

    The reach of its interval is the root of the sum of two squared reaches, each Student's t
    times its standard error: with n - 1 degrees of freedom for patients, and S - 1 for seeds.
    Two seeds that happen to agree therefore never make it look sure. At 95 % it misses
    the truth in 5 of 100 simulated cases where patients or seeds make all the spread, and in
    0.5 to 5 where both do.

    Attributes:
        value: The mean over seeds of a metric, or of a paired difference.
        patients_error: Standard error of this mean by drawing patients, 0 or above.
        between_seeds: Standard deviation between seeds, 0 or above.
        seeds: How many seeds, S, two or more.
        patients: How many patients, n, two or more.
        drawn: How patients were drawn, for the method.

    Source: Searle, Casella & McCulloch 1992, Variance Components, chapter 4 (two crossed random
        effects); Zou & Donner 2008, Statistics in Medicine 27(10) (reaches added in squares).
    """

    value: float
    patients_error: float
    between_seeds: float
    seeds: int
    patients: int
    drawn: str

    @property
    def seeds_error(self) -> float:
        """Standard error that comes from having only these seeds."""
        return self.between_seeds / math.sqrt(self.seeds)

    @property
    def error(self) -> float:
        """Standard error of the mean, from patients and seeds."""
        return math.hypot(self.patients_error, self.seeds_error)

    @property
    def method(self) -> str:
        """Say how it was reached."""
        return (
            f"mean of {self.seeds} seeds, patients ({self.drawn}, standard error "
            f"{self.patients_error:.4f}) and seeds ({self.seeds_error:.4f}) both counted by t"
        )

    def interval(self, level: float) -> tuple[float, float]:
        """Give the two-sided interval of a level in (0, 1)."""
        share = (1.0 + level) / 2.0
        reach = math.hypot(
            t_quantile(share, self.patients - 1) * self.patients_error,
            t_quantile(share, self.seeds - 1) * self.seeds_error,
        )
        return self.value - reach, self.value + reach

    def p_at_most(self, limit: float) -> float:
        """Give the one-sided p against the true mean being ``limit`` or less.

        From the intervals, so that the two never disagree; 1 where the mean is not above it.
        """
        return tail_below(self, limit)

    def p_at_least(self, limit: float) -> float:
        """Give the one-sided p against the true mean being ``limit`` or more."""
        return tail_above(self, limit)
