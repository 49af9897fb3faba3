"""Shortcuts: how much of an AUC is reached without the lungs.

The AUC of a baseline is set beside that of the headline on the same films: the share it
reaches of what the headline has above chance, (baseline - 0.5) / (headline - 0.5).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from leanlung.foundations.errors import StatisticsError, UsageError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.statistics import Estimate, measure
from leanlung.statistics.auc import Ranking
from leanlung.statistics.bootstrap import description, patient_weights, percentile_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from leanlung.evaluation.sampling import Sampling
    from leanlung.statistics import Predictions

CHANCE = 0.5
MACRO = "macro_auc"
OF_CLASS = "auc:"


@dataclass(frozen=True)
class Baseline:
    """What can be told of the class from a part of the film, or from no film at all.

    Attributes:
        name: One of `REGIONS`, or ``metadata``.
        about: What was seen.
        without_lungs: Whether the lungs were not seen.
        in_picture: Whether it was read off the film; of ``metadata`` it was not.
        auc: The metric asked for.
        balanced_accuracy: Mean sensitivity over the classes.
        share: Of the headline's AUC above chance; may lie outside [0, 1].
        short_of_whole: How much lower the AUC is than that of the same probe on the whole
            film.
    """

    name: str
    about: str
    without_lungs: bool
    in_picture: bool
    auc: Estimate
    balanced_accuracy: Estimate
    share: Estimate
    short_of_whole: Estimate

    def as_dict(self) -> dict[str, Any]:
        """Give a value that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, entries: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gave."""
        names = ("auc", "balanced_accuracy", "share", "short_of_whole")
        read = {name: Estimate.from_dict(entries[name]) for name in names}
        return cls(**{**entries, **read})


@dataclass(frozen=True, eq=False)
class Scored:
    """Answers with their AUC in every resample of the patients.

    Attributes:
        predictions: The answers.
        metric: ``macro_auc`` or ``auc:<class>``.
        value: The AUC, or NaN where undefined.
        resampled: Shape (resamples,), NaN where undefined.
        sampling: Of the resamples.
    """

    predictions: Predictions
    metric: str
    value: float
    resampled: NDArray[np.float64]
    sampling: Sampling

    @classmethod
    def of(cls, predictions: Predictions, metric: str, sampling: Sampling) -> Scored:
        """Score answers; the same studies in the same order get the same resamples."""
        require_area(metric, predictions.classes)
        wanted = [
            Ranking.of(predictions.labels == place, predictions.probabilities[:, place])
            for place, name in enumerate(predictions.classes)
            if metric in {MACRO, OF_CLASS + name} and (predictions.labels == place).any()
        ]

        def area(weights: NDArray[np.float64]) -> float:
            found = [ranking.auc(weights) for ranking in wanted]
            return float(np.mean(found)) if found else np.nan

        weights = patient_weights(
            predictions.patients, resamples=sampling.resamples, seed=sampling.seed
        )
        resampled = np.array([area(drawn) for drawn in weights])
        value = area(np.ones(len(predictions)))
        return cls(predictions, metric, value, resampled, sampling)

    def estimate(self, name: str) -> Estimate:
        """Measure one metric of the answers."""
        plan = self.sampling
        [found] = measure(
            self.predictions,
            metrics=[name],
            level=plan.level,
            resamples=plan.resamples,
            seed=plan.seed,
        )
        return found


def require_area(metric: str, classes: Sequence[str]) -> None:
    """Refuse a metric that has no chance level of one half.

    Raises:
        UsageError: If it is neither ``macro_auc`` nor ``auc:<class>`` of a class there is.
    """
    known = [MACRO, *(OF_CLASS + name for name in classes)]
    if metric not in known:
        msg = (
            f"metric {metric!r} cannot be audited: shares above chance need an AUC, one of "
            f"{known}{did_you_mean(metric, known)}"
        )
        raise UsageError(msg)


def baseline(
    name: str, about: str, *, without_lungs: bool, of: Scored, whole: Scored, headline: Scored
) -> Baseline:
    """Set a baseline beside the headline and beside the whole film.

    Args:
        name: Of the baseline.
        about: What was seen.
        without_lungs: Whether the lungs were not seen.
        of: Its answers.
        whole: Those of the probe on the whole film.
        headline: Those that are reported, or again of the probe on the whole film.

    Raises:
        StatisticsError: If the three are not of the same studies.
    """
    for other in (whole, headline):
        if other.predictions.study_ids != of.predictions.study_ids:
            msg = (
                f"{name} and {other.predictions.model} answer different studies; the same, in "
                "the same order, were expected"
            )
            raise StatisticsError(msg)
    with np.errstate(divide="ignore", invalid="ignore"):
        above = np.where(headline.resampled > CHANCE, headline.resampled - CHANCE, np.nan)
        shares = (of.resampled - CHANCE) / above
    above_chance = headline.value - CHANCE if headline.value > CHANCE else np.nan
    share = (of.value - CHANCE) / above_chance
    return Baseline(
        name,
        about,
        without_lungs,
        name != "metadata",
        of.estimate(of.metric),
        of.estimate("balanced_accuracy"),
        _estimate(f"share of {headline.predictions.model}", share, shares, of),
        _estimate(
            "short of the whole film",
            whole.value - of.value,
            whole.resampled - of.resampled,
            of,
        ),
    )


def _estimate(name: str, value: float, resampled: NDArray[np.float64], of: Scored) -> Estimate:
    found = percentile_interval(resampled, of.sampling.level)
    repeats = of.predictions.repeats_patients
    method = f"paired {description(resampled, repeats_patients=repeats)}"
    if np.isnan(value):
        found, method = None, "undefined: the headline is no better than chance"
    elif found is None:
        method = f"no interval: no spread is seen ({method})"
    low, high = found or (None, None)
    return Estimate(
        name,
        None if np.isnan(value) else float(value),
        low,
        high,
        of.sampling.level,
        method,
        len(of.predictions),
        of.predictions.patient_count,
    )
