"""Elsewhere: losses that the metric of the verdict may hide.

An AUC looks at ranks alone. A smaller network may keep it and still miss a class it found
before, as what it answers has shifted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.statistics.compare import compare_all

if TYPE_CHECKING:
    from leanlung.statistics.comparison import Comparison
    from leanlung.statistics.predictions import Predictions

OVERALL = ("accuracy", "balanced_accuracy")
BY_CLASS = ("sensitivity", "auc")


def compare_elsewhere(
    baseline: Predictions,
    candidate: Predictions,
    *,
    metric: str,
    margin: float,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[Comparison, ...]:
    """Compare by everything that the verdict is not about.

    Args:
        baseline: As for `compare`.
        candidate: As for `compare`.
        metric: That of the verdict, left out here.
        margin: That of the verdict.
        level: That of the verdict.
        resamples: As for `compare`.
        seed: That of the verdict, so that the same patients are drawn.

    Returns:
        Accuracy, balanced accuracy, and sensitivity and AUC of each class, in this order. They
        are not corrected for multiplicity: for warning, not for claiming.

    Raises:
        StatisticsError: As `compare`.
    """
    by_class = [f"{family}:{name}" for family in BY_CLASS for name in baseline.classes]
    return compare_all(
        baseline,
        candidate,
        [name for name in (*OVERALL, *by_class) if name != metric],
        margin=margin,
        level=level,
        resamples=resamples,
        seed=seed,
    )
