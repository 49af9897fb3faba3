"""Compare: what a candidate lost against a baseline on the same studies, with a verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from leanlung.statistics import bootstrap, delong
from leanlung.statistics.comparison import Comparison, require_margin, verdict_of
from leanlung.statistics.estimate import Estimate, require_level
from leanlung.statistics.measure import estimate, interval_kind, resampled_values
from leanlung.statistics.metrics import (
    classes_of,
    find_metric,
    left_out,
    patients_concerned,
    values,
)
from leanlung.statistics.pairing import paired

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from leanlung.statistics.estimate import Ends
    from leanlung.statistics.metrics import Metric
    from leanlung.statistics.predictions import Predictions


def compare(
    baseline: Predictions,
    candidate: Predictions,
    *,
    metric: str = "macro_auc",
    margin: float,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Comparison:
    """Compare two models on the same studies of the same patients.

    AUCs of patients with one study each are compared by DeLong's method for correlated curves,
    everything else by a bootstrap that draws the same patients for both. Where nothing
    varies, as between two models that answer alike, the interval is what ``n`` patients
    without a discordance still allow: ``1 - ((1 - level) / 2) ** (1 / n)`` either way, as none
    seen among n does not mean that none exists.

    Args:
        baseline: The model that is to be matched.
        candidate: The model that is to match it, usually smaller.
        metric: Name as `metric_names` gives it.
        margin: Largest loss that is accepted, in (0, 1); to be fixed before looking.
        level: Of the two-sided intervals, in (0, 1).
        resamples: Of the bootstrap, where it is used.
        seed: Of the bootstrap. The order of the studies changes nothing.

    Returns:
        Both estimates, as `measure` gives them, and their paired difference with a verdict.

    Raises:
        StatisticsError: If the two cannot be paired, the metric is unknown, or margin, level
            or resamples are out of range.

    Source: DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44(3); Hanley & Lippman-Hand
        1983, JAMA 249(13) (the rule of three), here exact and two-sided.
    """
    [found] = compare_all(
        baseline,
        candidate,
        [metric],
        margin=margin,
        level=level,
        resamples=resamples,
        seed=seed,
    )
    return found


def compare_all(
    baseline: Predictions,
    candidate: Predictions,
    metrics: Sequence[str],
    *,
    margin: float,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[Comparison, ...]:
    """Compare two models by several metrics, each as `compare` does, over the same draws.

    Args:
        baseline: As for `compare`.
        candidate: As for `compare`.
        metrics: Names as `metric_names` gives them.
        margin: As for `compare`, the same for all.
        level: As for `compare`.
        resamples: As for `compare`.
        seed: As for `compare`.

    Returns:
        One comparison a metric, in the order asked for, not corrected for multiplicity.

    Raises:
        StatisticsError: As `compare`.
    """
    require_margin(margin)
    require_level(level)
    bootstrap.require_resamples(resamples, level)
    pair = paired(baseline, candidate)
    chosen = [find_metric(name, baseline.classes) for name in metrics]
    points = [values(chosen, each, [np.ones(len(each))])[0].tolist() for each in pair]
    # Proportions have exact intervals of their own, but their difference is bootstrapped.
    drawn = [one for one in chosen if interval_kind(one, baseline) != "delong"]
    resampled = [
        resampled_values(drawn, each, resamples, seed) if drawn else {} for each in pair
    ]
    return tuple(
        _compared(
            metric, pair, both, [each.get(metric.name) for each in resampled], margin, level
        )
        for metric, both in zip(chosen, zip(*points, strict=True), strict=True)
    )


def _compared(
    metric: Metric,
    pair: tuple[Predictions, Predictions],
    points: Sequence[float],
    drawn: Sequence[NDArray[np.float64] | None],
    margin: float,
    level: float,
) -> Comparison:
    before, after = (
        replace(estimate(metric, point, resampled, each, level), name=each.model)
        for each, point, resampled in zip(pair, points, drawn, strict=True)
    )
    difference = _difference(metric, pair, points, drawn, level)
    verdict = verdict_of(difference, margin)
    return Comparison(metric.name, before, after, difference, margin, verdict)


def _difference(
    metric: Metric,
    pair: tuple[Predictions, Predictions],
    points: Sequence[float],
    drawn: Sequence[NDArray[np.float64] | None],
    level: float,
) -> Estimate:
    baseline, candidate = pair
    before, after = drawn
    value = points[1] - points[0]
    widest = 1.0 - metric.family.lowest
    ends: Ends | None
    if np.isnan(value):
        ends, method = (None, None), f"undefined: it takes {metric.family.needs}"
    elif before is None or after is None:
        influences = [delong.mean_influences(each, classes_of(metric, each)) for each in pair]
        ends = delong.normal_interval(value, influences[1] - influences[0], level, -widest)
        method = "paired DeLong"
    else:
        ends = bootstrap.percentile_interval(after - before, level)
        method = "paired " + bootstrap.description(
            after - before, repeats_patients=baseline.repeats_patients
        )
    if ends is None:
        concerned = min(patients_concerned(metric, each) for each in pair)
        reach = widest * (1.0 - ((1.0 - level) / 2.0) ** (1.0 / concerned))
        ends = max(-widest, value - reach), min(widest, value + reach)
        method = f"rule of three for n = {concerned} patients concerned, as no spread is seen"
    return Estimate(
        f"{candidate.model} minus {baseline.model}",
        None if np.isnan(value) else value,
        *ends,
        level,
        method + left_out(metric, baseline),
        len(baseline),
        baseline.patient_count,
    )
