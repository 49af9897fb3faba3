"""Two answers to the same study: how often only one of two models is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from leanlung.statistics.metrics import Metric
    from leanlung.statistics.predictions import Predictions


def two_answers(
    before: Metric, after: Metric, pair: tuple[Predictions, Predictions]
) -> tuple[int, int, int] | None:
    """Count discordant answers, where a metric is a share of studies of one patient each.

    Args:
        before: The metric of the baseline.
        after: The same of the candidate, with its own threshold if there is one.
        pair: Paired predictions.

    Returns:
        Studies that only the candidate answers rightly, those that only the baseline does, and
        how many there are; None where the metric is no share of a fixed group of studies, as
        precision, or a patient has several studies in the group, or the group is empty.
    """
    group = _group(before, pair[0])
    if group is None or not group.any():
        return None
    patients = pair[0].patients[group]
    if len(np.unique(patients)) < len(patients):
        return None
    one, two = (
        _right(metric, each)[group] for metric, each in zip((before, after), pair, strict=True)
    )
    return int((two & ~one).sum()), int((one & ~two).sum()), len(one)


def _group(metric: Metric, predictions: Predictions) -> NDArray[np.bool_] | None:
    """The studies that a share is of; None where it is not of the same ones in both models."""
    if metric.held is not None:
        return None
    kind = metric.name.partition(":")[0].partition("_at_")[0]
    if kind == "accuracy":
        return np.ones(len(predictions), dtype=np.bool_)
    of_class = np.asarray(predictions.labels == metric.of_class)
    return {"sensitivity": of_class, "specificity": ~of_class}.get(kind)


def _right(metric: Metric, predictions: Predictions) -> NDArray[np.bool_]:
    if metric.of_class is None:
        return np.asarray(predictions.predicted == predictions.labels)
    called = (
        predictions.predicted == metric.of_class
        if metric.threshold is None
        else predictions.probabilities[:, metric.of_class] >= metric.threshold
    )
    return np.asarray(called == (predictions.labels == metric.of_class))
