"""Thresholds: from which probability on a class is called; frozen before the test opens."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics.auc import roc_curve
from leanlung.statistics.estimate import require_entries

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Self

    from numpy.typing import NDArray

    from leanlung.statistics.predictions import Predictions

Rule = Literal["youden", "sensitivity_0.95"]
RULES: tuple[Rule, ...] = ("youden", "sensitivity_0.95")
"""``youden``: largest sum of sensitivity and specificity. ``sensitivity_0.95``: the highest
threshold that still finds 95 % of the class."""

_FOUND = 0.95


@dataclass(frozen=True)
class Threshold:
    """From which probability on a class is called.

    Attributes:
        of_class: Name of the class, against the rest.
        rule: How it was found.
        value: In [0, 1]: a study whose probability of the class is at least this is called.
            Half-way between two probabilities that were seen.
        sensitivity: Of the studies it was found on, which it suits better than others.
        specificity: Of the same.
        positives: Studies of the class it was found on.
        negatives: Studies of other classes.

    Raises:
        StatisticsError: If the value is no share or the rule unknown.
    """

    of_class: str
    rule: Rule
    value: float
    sensitivity: float
    specificity: float
    positives: int
    negatives: int

    def __post_init__(self) -> None:
        if not 0.0 <= self.value <= 1.0 or self.rule not in RULES:
            msg = (
                f"threshold {self.value} of {self.of_class!r} by {self.rule!r}: a share in "
                f"[0, 1] by one of {list(RULES)} is expected"
            )
            raise StatisticsError(msg)

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, entries: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gave.

        Raises:
            StatisticsError: If an entry is missing or unknown.
        """
        require_entries(entries, cls)
        return cls(**entries)


def freeze_thresholds(predictions: Predictions) -> tuple[Threshold, ...]:
    """Find the thresholds of every class by every rule.

    Args:
        predictions: Of the validation part, never of the test part.

    Returns:
        By class and rule, in the order of the classes and of `RULES`. A class that has no
        study here, or has all, has no threshold. Of several equally good by ``youden`` it is
        the lowest, which finds most of the class.

    Source: Youden 1950, Cancer 3(1).
    """
    found = []
    for index, name in enumerate(predictions.classes):
        scores = predictions.probabilities[:, index]
        of_class = predictions.labels == index
        curve = roc_curve(of_class, scores)
        if curve is None:
            continue
        sensitivity = curve.true_positive_shares
        specificity = 1.0 - curve.false_positive_shares
        total = sensitivity + specificity
        best = np.flatnonzero(total >= total.max() - 1e-12)[-1]
        enough = np.flatnonzero(sensitivity >= _FOUND - 1e-12)[0]
        positives = int(of_class.sum())
        for rule, place in zip(RULES, (best, enough), strict=True):
            found.append(
                Threshold(
                    name,
                    rule,
                    _between(curve.thresholds, int(place)),
                    float(sensitivity[place]),
                    float(specificity[place]),
                    positives,
                    len(scores) - positives,
                )
            )
    return tuple(found)


def called(predictions: Predictions, threshold: Threshold) -> Predictions:
    """Answer one class against the rest by a threshold, with certainty.

    Args:
        predictions: Of any studies.
        threshold: Frozen elsewhere.

    Returns:
        Predictions over two classes, ``not <class>`` and ``<class>``, whose probabilities are 0
        and 1; so their sensitivity and specificity are those of the threshold.

    Raises:
        StatisticsError: If the threshold is of a class that the predictions do not have.
    """
    if threshold.of_class not in predictions.classes:
        msg = (
            f"{predictions.model}: a threshold of {threshold.of_class!r}, which is none of the "
            f"classes {list(predictions.classes)}"
        )
        raise StatisticsError(msg)
    index = predictions.classes.index(threshold.of_class)
    positive = (predictions.probabilities[:, index] >= threshold.value).astype(np.int64)
    return replace(
        predictions,
        classes=(f"not {threshold.of_class}", threshold.of_class),
        labels=(predictions.labels == index).astype(np.int64),
        probabilities=np.eye(2)[positive],
    )


def _between(thresholds: NDArray[np.float64], place: int) -> float:
    """Give a value between a threshold and the next lower, so that rounding moves no one."""
    here = min(float(thresholds[place]), 1.0)
    below = float(thresholds[place + 1]) if place + 1 < len(thresholds) else 0.0
    middle = (here + below) / 2.0
    return middle if middle > below else here
