"""A tally: the counts and areas that every metric is computed from, under many weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from leanlung.statistics.auc import Ranking
from leanlung.statistics.confusion import confusion_matrix

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from leanlung.statistics.predictions import Predictions


@dataclass(frozen=True, eq=False)
class Tally:
    """Counts and areas under R weights, over K classes.

    Attributes:
        counts: Confusion matrices, shape (R, K, K).
        aucs: Area under the ROC curve of each class against the rest, shape (R, K), NaN where
            a side weighs nothing; shape (R, 0) where nobody asked for areas.
        occurring: Indices of the classes that have a study at all, whatever the weights.
    """

    counts: NDArray[np.float64]
    aucs: NDArray[np.float64]
    occurring: tuple[int, ...]


def tally(
    predictions: Predictions, weights: Iterable[NDArray[np.float64]], *, areas: bool
) -> Tally:
    """Tally predictions under each of many weights.

    Args:
        predictions: Of n studies.
        weights: R vectors of shape (n,): how often every study counts.
        areas: Whether the AUCs are needed too; they take most of the time.
    """
    classes = len(predictions.classes)
    rankings = [
        Ranking.of(predictions.labels == index, predictions.probabilities[:, index])
        for index in range(classes if areas else 0)
    ]
    counts, aucs = [], []
    for weight in weights:
        counts.append(
            confusion_matrix(predictions.labels, predictions.predicted, classes, weight)
        )
        aucs.append([ranking.auc(weight) for ranking in rankings])
    return Tally(np.array(counts), np.array(aucs), occurring_classes(predictions))


def occurring_classes(predictions: Predictions) -> tuple[int, ...]:
    """Give the indices of the classes that have a study."""
    return tuple(np.unique(predictions.labels).tolist())
