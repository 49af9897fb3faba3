"""Predictive values: what a call is worth where the disease is as rare as in the world.

A study set of as many diseased as healthy makes every test look useful. Sensitivity and
specificity carry over to another prevalence; the share of calls that are right does not.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics.compare import compare_all
from leanlung.statistics.estimate import Estimate
from leanlung.statistics.measure import measure
from leanlung.statistics.thresholds import called

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from leanlung.statistics.predictions import Predictions
    from leanlung.statistics.thresholds import Threshold

PREVALENCES = (0.01, 0.05, 0.2)

# Every comparison has a margin; here only its difference is looked at.
_NO_MATTER = 0.5

_UNDEFINED = "undefined: nobody would be called so"


@dataclass(frozen=True)
class PredictiveValues:
    """Shares of calls that are right, at one prevalence.

    Attributes:
        prevalence: Share of the class among those examined, in (0, 1).
        positive: Of those called, the share that is of the class (PPV).
        negative: Of those not called, the share that is not (NPV).
    """

    prevalence: float
    positive: Estimate
    negative: Estimate


@dataclass(frozen=True)
class OperatingPoint:
    """What a frozen threshold does on studies it was not found on.

    Attributes:
        threshold: Frozen elsewhere.
        sensitivity: Share of the class that is called.
        specificity: Share of the others that is not.
        predictive_values: One entry a prevalence.
    """

    threshold: Threshold
    sensitivity: Estimate
    specificity: Estimate
    predictive_values: tuple[PredictiveValues, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, all nested, ready for JSON."""
        return asdict(self) | {
            "predictive_values": [asdict(one) for one in self.predictive_values]
        }


def operating_point(
    predictions: Predictions,
    threshold: Threshold,
    *,
    prevalences: Sequence[float] = PREVALENCES,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> OperatingPoint:
    """Measure a frozen threshold.

    The interval of a predictive value runs between the values at both lower and at both upper
    ends of sensitivity and specificity, each taken at the level ``(1 + level) / 2``. As it
    rises with both it covers at least as often as its level says, whatever the two have to do
    with each other; it is a little wide.

    Args:
        predictions: Of other studies than the threshold was found on.
        threshold: Of one of their classes.
        prevalences: Each in (0, 1).
        level: Of the two-sided intervals, in (0, 1).
        resamples: Of the bootstrap, where patients repeat.
        seed: Of the bootstrap.

    Raises:
        StatisticsError: If the class is unknown, or a prevalence, the level or the resamples
            are out of range.
    """
    answered = called(predictions, threshold)
    names = [f"{family}:{threshold.of_class}" for family in ("sensitivity", "specificity")]
    wide = (1.0 + level) / 2.0
    drawn = max(resamples, round(20.0 / (1.0 - wide)))
    sensitivity, specificity = measure(
        answered, metrics=names, level=level, resamples=resamples, seed=seed
    )
    wider = measure(answered, metrics=names, level=wide, resamples=drawn, seed=seed)
    return OperatingPoint(
        threshold,
        sensitivity,
        specificity,
        tuple(predictive_values(wider[0], wider[1], one, level) for one in prevalences),
    )


def operating_change(
    before: tuple[Predictions, Threshold],
    after: tuple[Predictions, Threshold],
    *,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[Estimate, Estimate]:
    """Compare two models, each at its own frozen threshold of the same class.

    Args:
        before: Predictions of the baseline, and its threshold.
        after: Those of the candidate, on the same studies.
        level: Of the two-sided intervals, in (0, 1).
        resamples: Of the bootstrap, where it is used.
        seed: Of the bootstrap.

    Returns:
        Differences in sensitivity and in specificity, candidate minus baseline, paired.

    Raises:
        StatisticsError: If the two cannot be paired or are of different classes.
    """
    name = before[1].of_class
    sensitivity, specificity = compare_all(
        called(*before),
        called(*after),
        [f"sensitivity:{name}", f"specificity:{name}"],
        margin=_NO_MATTER,
        level=level,
        resamples=resamples,
        seed=seed,
    )
    return sensitivity.difference, specificity.difference


def predictive_values(
    sensitivity: Estimate, specificity: Estimate, prevalence: float, level: float = 0.95
) -> PredictiveValues:
    """Carry sensitivity and specificity over to a prevalence.

    Args:
        sensitivity: With its interval at the level ``(1 + level) / 2``.
        specificity: Likewise.
        prevalence: In (0, 1).
        level: Of the intervals that are wanted.

    Raises:
        StatisticsError: If the prevalence is no share in (0, 1).

    Source: Bayes' rule; the intervals by Bonferroni's inequality.
    """
    if not 0.0 < prevalence < 1.0:
        msg = f"prevalence is a share between 0 and 1; got {prevalence} (for 5 % write 0.05)"
        raise StatisticsError(msg)
    counted = sensitivity.studies, sensitivity.patients
    reached = "; ".join(dict.fromkeys([sensitivity.method, specificity.method]))
    method = (
        f"Bayes' rule between the ends of sensitivity and specificity at "
        f"{sensitivity.level:g} ({reached})"
    )
    found = []
    for name, value in (("ppv", _positive), ("npv", _negative)):
        point, low, high = (
            None if s is None or c is None else value(s, c, prevalence)
            for s, c in (
                (sensitivity.value, specificity.value),
                (sensitivity.low, specificity.low),
                (sensitivity.high, specificity.high),
            )
        )
        if point is None:
            reason = sensitivity.method if sensitivity.value is None else specificity.method
            if sensitivity.value is not None and specificity.value is not None:
                reason = _UNDEFINED
            found.append(Estimate(name, None, None, None, level, reason, *counted))
        else:
            # Where an end is undefined nothing is known on its side.
            ends = 0.0 if low is None else low, 1.0 if high is None else high
            found.append(Estimate(name, point, *ends, level, method, *counted))
    return PredictiveValues(prevalence, *found)


def _positive(sensitivity: float, specificity: float, prevalence: float) -> float | None:
    right = sensitivity * prevalence
    every = right + (1.0 - specificity) * (1.0 - prevalence)
    return right / every if every > 0.0 else None


def _negative(sensitivity: float, specificity: float, prevalence: float) -> float | None:
    right = specificity * (1.0 - prevalence)
    every = right + (1.0 - sensitivity) * prevalence
    return right / every if every > 0.0 else None
