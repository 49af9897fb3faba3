"""Sampling: how often patients are drawn again, from which seed, for which intervals."""

from __future__ import annotations

from dataclasses import dataclass

from leanlung.statistics.bootstrap import require_resamples
from leanlung.statistics.estimate import require_level


@dataclass(frozen=True)
class Sampling:
    """The bootstrap over patients.

    Attributes:
        resamples: How often patients are drawn.
        seed: Of the draws, the folds and the solver.
        level: Of two-sided intervals, in (0, 1).

    Raises:
        StatisticsError: If the level is no share in (0, 1) or the resamples are too few.
    """

    resamples: int = 2000
    seed: int = 0
    level: float = 0.95

    def __post_init__(self) -> None:
        require_level(self.level)
        require_resamples(self.resamples, self.level)
