"""Contrasts: two models on the same studies by each metric, before any margin is set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from leanlung.statistics import bootstrap, delong
from leanlung.statistics.bca import bca_interval
from leanlung.statistics.comparison import Comparison, verdict_of
from leanlung.statistics.estimate import Estimate
from leanlung.statistics.measure import estimate, interval_kind, resampled_values
from leanlung.statistics.metrics import (
    classes_of,
    left_out,
    patients_concerned,
    points,
    values,
)
from leanlung.statistics.operating import Frozen, metric_pair
from leanlung.statistics.pairing import paired
from leanlung.statistics.spread import UnseenSpread
from leanlung.statistics.square_and_add import SquareAndAddSpread
from leanlung.statistics.tango import ScoreSpread
from leanlung.statistics.two_answers import two_answers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from leanlung.statistics.estimate import Ends
    from leanlung.statistics.metrics import Metric
    from leanlung.statistics.predictions import Predictions
    from leanlung.statistics.spread import Spread

    Pair = tuple[Predictions, Predictions]
    Drawn = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Contrast:
    """Two models by one metric.

    Attributes:
        metric: Its name.
        baseline: Estimate of the baseline, under the name of the model.
        candidate: Estimate of the candidate, under the name of the model.
        difference: Candidate minus baseline; None where undefined.
        spread: How far from the truth the difference may lie; None where it is undefined.
        why: What an undefined difference would take; empty where it is defined.
        note: For the end of a method.
        patients_concerned: How many limit what can be known.
        discordant: Studies gained and lost where the metric is a share of studies of one
            patient each; None elsewhere.
        resampled: The difference in every resample; None where none was drawn.
        frozen: Its metric in either model.
    """

    metric: str
    baseline: Estimate
    candidate: Estimate
    difference: float | None
    spread: Spread | None
    why: str
    note: str
    patients_concerned: int
    discordant: tuple[int, int] | None
    resampled: Drawn | None
    frozen: tuple[Metric, Metric]

    def comparison(self, margin: float, level: float, note: str = "") -> Comparison:
        """Set a margin and give the verdict at a two-sided level."""
        ends: Ends = (None, None)
        method = f"undefined: it takes {self.why}"
        if self.spread is not None:
            ends, method = self.spread.interval(level), self.spread.method
        difference = Estimate(
            f"{self.candidate.name} minus {self.baseline.name}",
            self.difference,
            *ends,
            level,
            method + self.note + note,
            self.baseline.studies,
            self.baseline.patients,
        )
        verdict = verdict_of(difference, margin)
        return Comparison(
            self.metric, self.baseline, self.candidate, difference, margin, verdict
        )


def contrasts(
    baseline: Predictions,
    candidate: Predictions,
    metrics: Sequence[str],
    *,
    level: float,
    resamples: int,
    seed: int,
    frozen: Frozen | None = None,
) -> tuple[Contrast, ...]:
    """Contrast two models by several metrics, over the same draws.

    Args:
        baseline: As for `compare`.
        candidate: As for `compare`.
        metrics: Names as `metric_pair` takes them.
        level: Of the intervals of the two models themselves.
        resamples: Of the bootstrap, where it is used.
        seed: Of the bootstrap.
        frozen: Where thresholds come from, for metrics that take one.

    Raises:
        StatisticsError: If the two cannot be paired, a metric is unknown, or a number is out
            of range.
        DataRefused: If a threshold would be chosen on what is compared.
    """
    bootstrap.require_resamples(resamples, level)
    pair = paired(baseline, candidate)
    found = [metric_pair(name, pair, frozen or Frozen()) for name in metrics]
    values_of, drawn_of = [], []
    for side, each in enumerate(pair):
        chosen = [(one, two)[side] for one, two, _ in found]
        values_of.append(points(chosen, each) if chosen else [])
        drawn = [one for one in chosen if _is_drawn(one, each)]
        drawn_of.append(resampled_values(drawn, each, resamples, seed) if drawn else {})
    return tuple(
        _contrast(
            (one, two), note, pair, both, [each.get(one.name) for each in drawn_of], level
        )
        for (one, two, note), both in zip(found, zip(*values_of, strict=True), strict=True)
    )


def bca_beside(
    contrast: Contrast, pair: Pair, level: float, seed: int
) -> tuple[float, float] | None:
    """Give the BCa interval of a contrast that was resampled, to stand beside its own.

    Args:
        contrast: Of these predictions.
        pair: Paired predictions of baseline and candidate.
        level: In (0, 1), two-sided.
        seed: Of the groups of patients left out.
    """
    if contrast.resampled is None or contrast.difference is None:
        return None
    sides = [
        values(
            [metric],
            each,
            bootstrap.patients_left_out(each.patient_count, seed=seed),
            each.patients,
        )[:, 0]
        for metric, each in zip(contrast.frozen, pair, strict=True)
    ]
    return bca_interval(contrast.difference, contrast.resampled, sides[1] - sides[0], level)


def _is_drawn(metric: Metric, predictions: Predictions) -> bool:
    """Whether the bootstrap is needed, for the difference or for the model itself."""
    if interval_kind(metric, predictions) == "bootstrap":
        return True
    return interval_kind(metric, predictions) != "delong" and (
        two_answers(metric, metric, (predictions, predictions)) is None
    )


def _contrast(
    metrics: tuple[Metric, Metric],
    note: str,
    pair: Pair,
    both: Sequence[float],
    drawn: Sequence[Drawn | None],
    level: float,
) -> Contrast:
    before, after = (
        replace(estimate(metric, point, resampled, each, level), name=each.model)
        for metric, each, point, resampled in zip(metrics, pair, both, drawn, strict=True)
    )
    concerned = min(
        patients_concerned(metric, each) for metric, each in zip(metrics, pair, strict=True)
    )
    value = both[1] - both[0]
    answers = two_answers(*metrics, pair)
    undefined = bool(np.isnan(value))
    spread = None if undefined else _spread(metrics, pair, both, drawn, concerned, answers)
    one, two = drawn
    return Contrast(
        metrics[0].name,
        before,
        after,
        None if undefined else value,
        spread,
        metrics[0].family.needs if undefined else "",
        note + left_out(metrics[0], pair[0]),
        concerned,
        answers and answers[:2],
        None if one is None or two is None or undefined else two - one,
        metrics,
    )


def _spread(
    metrics: tuple[Metric, Metric],
    pair: Pair,
    both: Sequence[float],
    drawn: Sequence[Drawn | None],
    concerned: int,
    answers: tuple[int, int, int] | None,
) -> Spread:
    family = metrics[0].family
    unseen = UnseenSpread(both[1] - both[0], concerned, family.best - family.lowest)
    if answers is not None:
        gained, lost, studies = answers
        return ScoreSpread(gained, lost, studies) if gained + lost else unseen
    one, two = drawn
    if one is None or two is None:
        return _by_influences(metrics[0], pair, both, concerned) or unseen
    known = ~(np.isnan(one) | np.isnan(two))
    if known.sum() < 2 or np.ptp(two[known] - one[known]) < bootstrap.NO_SPREAD:
        return unseen
    freedom = max(1, concerned - 1)
    # A bootstrap of k patients is too narrow by the root of (k - 1) / k.
    covariances = np.cov(one[known], two[known]) * concerned / freedom
    method = bootstrap.description(
        two - one, repeats_patients=pair[0].repeats_patients, limits="score limits"
    )
    return SquareAndAddSpread(
        both[0],
        both[1],
        (float(covariances[0, 0]), float(covariances[1, 1])),
        float(covariances[0, 1]),
        freedom,
        concerned,
        family.lowest,
        family.best,
        f"paired {method}",
    )


def _by_influences(
    metric: Metric, pair: Pair, both: Sequence[float], concerned: int
) -> Spread | None:
    one, two = (delong.mean_influences(each, classes_of(metric, each)) for each in pair)
    if not delong.standard_error(two - one) > delong.NO_SPREAD:
        return None
    groups = pair[0].labels if metric.of_class is None else pair[0].labels == metric.of_class
    return SquareAndAddSpread(
        both[0],
        both[1],
        (float(one @ one), float(two @ two)),
        float(one @ two),
        delong.freedom(two - one, groups),
        concerned,
        metric.family.lowest,
        metric.family.best,
        "paired DeLong, score limits",
    )
