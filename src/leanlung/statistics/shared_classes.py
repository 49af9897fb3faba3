"""Shared classes: predictions over some of their classes only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import StatisticsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanlung.statistics.predictions import Predictions


def over_classes(predictions: Predictions, classes: Sequence[str]) -> Predictions:
    """Keep some classes: their studies, and the probabilities given that it is one of them.

    Args:
        predictions: Of one model.
        classes: Two or more of its classes, in the order that is wanted.

    Returns:
        The studies of these classes, their probabilities scaled to sum to one; even where the
        model gives none of them any.

    Raises:
        StatisticsError: If one is no class of the predictions, there are fewer than two, or
            none of them has a study.
    """
    if tuple(classes) == predictions.classes:
        return predictions
    unknown = [name for name in classes if name not in predictions.classes]
    if unknown or len(classes) < 2:
        msg = (
            f"{predictions.model}: classes {list(classes)}; two or more of "
            f"{list(predictions.classes)} are expected"
        )
        raise StatisticsError(msg)
    columns = [predictions.classes.index(name) for name in classes]
    place = np.full(len(predictions.classes), -1)
    place[columns] = np.arange(len(columns))
    kept = predictions.subset(place[predictions.labels] >= 0)
    shares = kept.probabilities[:, columns]
    total = shares.sum(axis=1, keepdims=True)
    even = np.full_like(shares, 1.0 / len(columns))
    return replace(
        kept,
        classes=tuple(classes),
        labels=place[kept.labels],
        probabilities=np.divide(shares, total, out=even, where=total > 0.0),
    )
