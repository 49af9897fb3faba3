"""Measure: every metric of a set of predictions, each with the interval that suits it.

Where patients have several studies each, every interval comes from the bootstrap over
patients. Where each has one, proportions are exact (Clopper-Pearson), AUCs are DeLong's and
the rest is bootstrapped. Where nothing varies (every answer right, say) a bootstrap or DeLong
interval would have no width; an exact bound from the patients concerned stands in for it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from leanlung.statistics import bootstrap, delong
from leanlung.statistics.estimate import Estimate, require_level
from leanlung.statistics.metrics import (
    classes_of,
    find_metric,
    left_out,
    metric_names,
    patients_concerned,
    points,
    values,
)
from leanlung.statistics.proportions import clopper_pearson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from leanlung.statistics.estimate import Ends
    from leanlung.statistics.families import IntervalKind
    from leanlung.statistics.metrics import Metric
    from leanlung.statistics.predictions import Predictions


def measure(
    predictions: Predictions,
    *,
    metrics: Sequence[str] | None = None,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[Estimate, ...]:
    """Measure predictions.

    Args:
        predictions: Of one model.
        metrics: Names as `metric_names` gives them; all of them if not given.
        level: Of the two-sided intervals, in (0, 1).
        resamples: Of the bootstrap, where it is used.
        seed: Of the bootstrap. The order of the studies changes nothing.

    Returns:
        One estimate a metric, in the order asked for; each carries the number of studies and
        patients of the whole set. What is undefined has no value, and its method says why.

    Raises:
        StatisticsError: If a metric is unknown, the level is no share in (0, 1) or the
            resamples are too few for it.
    """
    require_level(level)
    bootstrap.require_resamples(resamples, level)
    names = metric_names(predictions.classes) if metrics is None else metrics
    chosen = [find_metric(name, predictions.classes) for name in names]
    point = points(chosen, predictions) if chosen else []
    drawn = [each for each in chosen if interval_kind(each, predictions) == "bootstrap"]
    resampled = resampled_values(drawn, predictions, resamples, seed) if drawn else {}
    return tuple(
        estimate(metric, value, resampled.get(metric.name), predictions, level)
        for metric, value in zip(chosen, point, strict=True)
    )


def majority_baseline(
    predictions: Predictions, *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> Estimate:
    """Measure the accuracy of always answering the commonest class of these studies.

    An accuracy is worth what it has above this one. Of equally common classes it is the first.

    Args:
        predictions: Only their labels and patients matter.
        level: Of the two-sided interval, in (0, 1).
        resamples: Of the bootstrap, where patients repeat.
        seed: Of the bootstrap.
    """
    commonest = np.bincount(predictions.labels).argmax()
    answers = np.zeros_like(predictions.probabilities)
    answers[:, commonest] = 1.0
    [accuracy] = measure(
        replace(predictions, probabilities=answers),
        metrics=["accuracy"],
        level=level,
        resamples=resamples,
        seed=seed,
    )
    return replace(accuracy, name="majority_baseline")


def interval_kind(metric: Metric, predictions: Predictions) -> IntervalKind:
    """Say which interval suits a metric of these predictions."""
    return "bootstrap" if predictions.repeats_patients else metric.family.interval


def resampled_values(
    metrics: Sequence[Metric], predictions: Predictions, resamples: int, seed: int
) -> dict[str, NDArray[np.float64]]:
    """Give the values of metrics in every resample of the patients, each shape (resamples,)."""
    draws = bootstrap.patient_draws(predictions.patient_count, resamples=resamples, seed=seed)
    columns = values(metrics, predictions, draws, predictions.patients).T
    return {metric.name: column for metric, column in zip(metrics, columns, strict=True)}


def estimate(
    metric: Metric,
    value: float,
    resampled: NDArray[np.float64] | None,
    predictions: Predictions,
    level: float,
) -> Estimate:
    """Put a value and its interval together.

    Args:
        metric: What was measured.
        value: NaN where undefined.
        resampled: Its values in the resamples, shape (resamples,); not looked at where
            `interval_kind` is no bootstrap.
        predictions: What it was measured on.
        level: Of the interval, in (0, 1).
    """
    kind = interval_kind(metric, predictions)
    ends: Ends | None
    if np.isnan(value):
        ends, method = (None, None), f"undefined: it takes {metric.family.needs}"
    elif resampled is not None and kind == "bootstrap":
        ends = bootstrap.percentile_interval(resampled, level)
        method = bootstrap.description(resampled, repeats_patients=predictions.repeats_patients)
    elif kind == "delong":
        influences = delong.mean_influences(predictions, classes_of(metric, predictions))
        ends = delong.normal_interval(value, influences, level)
        method = "DeLong"
    else:
        ends, method = _exact(metric, value, predictions, level), "Clopper-Pearson"
    if ends is None:
        concerned = patients_concerned(metric, predictions)
        ends = _exact(metric, value, predictions, level)
        method = f"Clopper-Pearson for n = {concerned} patients concerned, as no spread is seen"
    return Estimate(
        metric.name,
        None if np.isnan(value) else value,
        *ends,
        level,
        method + left_out(metric, predictions),
        len(predictions),
        predictions.patient_count,
    )


def _exact(metric: Metric, value: float, predictions: Predictions, level: float) -> Ends:
    lowest, best = metric.family.lowest, metric.family.best
    n = patients_concerned(metric, predictions)
    share = min(1.0, max(0.0, (value - lowest) / (best - lowest)))
    low, high = (
        None if end is None else lowest + (best - lowest) * end
        for end in clopper_pearson(share * n, n, level)
    )
    return low, high
