"""Compare: what a candidate lost against a baseline on the same studies, with a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leanlung.statistics.comparison import Comparison, require_margin
from leanlung.statistics.contrast import contrasts
from leanlung.statistics.estimate import require_level
from leanlung.statistics.pairing import paired

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanlung.statistics.operating import Frozen
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
    frozen: Frozen | None = None,
) -> Comparison:
    """Compare two models on the same studies of the same patients.

    Where every patient has one study, AUCs have DeLong's variances for correlated curves, and
    shares of studies (accuracy, sensitivity, specificity) Tango's score interval. Everything
    else is resampled, the same patients for both. Around variances of DeLong and of the
    bootstrap stand score limits, which hold their level close to 1 too. Where nothing varies,
    as between two models that answer alike, the interval is what ``n`` patients without a
    discordance still allow: ``1 - ((1 - level) / 2) ** (1 / n)`` either way, as none seen among
    n does not mean that none exists.

    Args:
        baseline: The model that is to be matched.
        candidate: The model that is to match it, usually smaller.
        metric: Name as `metric_names` gives it, or as `OPERATING` does.
        margin: Largest loss that is accepted, in (0, 1); to be fixed before looking.
        level: Of the two-sided intervals, in (0, 1).
        resamples: Of the bootstrap, where it is used.
        seed: Of the bootstrap. The order of the studies changes nothing.
        frozen: Where thresholds come from, for the metrics of `OPERATING`.

    Returns:
        Both estimates, as `measure` gives them, and their paired difference with a verdict.

    Raises:
        StatisticsError: If the two cannot be paired, the metric is unknown, or margin, level
            or resamples are out of range.
        DataRefused: If a threshold would be chosen on the test part, or on what is compared.

    Source: DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44(3); Tango 1998, Statistics in
        Medicine 17(8); `SquareAndAddSpread` for the score limits; Hanley & Lippman-Hand 1983,
        JAMA 249(13) (the rule of three), here exact and two-sided.
    """
    [found] = compare_all(
        baseline,
        candidate,
        [metric],
        margin=margin,
        level=level,
        resamples=resamples,
        seed=seed,
        frozen=frozen,
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
    frozen: Frozen | None = None,
) -> tuple[Comparison, ...]:
    """Compare two models by several metrics, each as `compare` does, over the same draws.

    Args:
        baseline: As for `compare`.
        candidate: As for `compare`.
        metrics: Names as `metric_names` gives them, or as `OPERATING` does.
        margin: As for `compare`, the same for all.
        level: As for `compare`.
        resamples: As for `compare`.
        seed: As for `compare`.
        frozen: As for `compare`.

    Returns:
        One comparison a metric, in the order asked for, not corrected for multiplicity.

    Raises:
        StatisticsError: As `compare`.
        DataRefused: As `compare`.
    """
    require_margin(margin)
    require_level(level)
    found = contrasts(
        baseline,
        candidate,
        metrics,
        level=level,
        resamples=resamples,
        seed=seed,
        frozen=frozen,
    )
    return tuple(one.comparison(margin, level) for one in found)


def largest_change(baseline: Predictions, candidate: Predictions) -> float | None:
    """Give the largest change of a probability between two models that answer alike.

    Args:
        baseline: As for `compare`.
        candidate: As for `compare`.

    Returns:
        Over all studies and classes, in [0, 1]; None where any study is answered otherwise, as
        figures tell the difference then.

    Raises:
        StatisticsError: If the two cannot be paired.
    """
    one, other = paired(baseline, candidate)
    if (one.predicted != other.predicted).any():
        return None
    return float(np.abs(one.probabilities - other.probabilities).max(initial=0.0))
