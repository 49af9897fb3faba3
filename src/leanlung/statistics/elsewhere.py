"""Elsewhere: where a loss may hide from the metric of the verdict.

An AUC looks at ranks alone. A smaller network may keep it and still miss a class it found
before, as what it answers has shifted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

OVERALL = ("accuracy", "balanced_accuracy")
BY_CLASS = ("sensitivity", "auc")


def metrics_elsewhere(metric: str, classes: Sequence[str]) -> list[str]:
    """Name the metrics to compare beside that of the verdict, for `compare_all`.

    Args:
        metric: That of the verdict, left out here.
        classes: Of the predictions.

    Returns:
        Accuracy, balanced accuracy, and sensitivity and AUC of each class, in this order. They
        are for warning, not for claiming: nothing corrects them for multiplicity.
    """
    by_class = [f"{family}:{name}" for family in BY_CLASS for name in classes]
    return [name for name in (*OVERALL, *by_class) if name != metric]
