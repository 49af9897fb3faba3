"""The calibration line: whether probabilities are too sure of themselves, or all too high.

A slope of 1 and an intercept of 0 are those of probabilities that can be taken at their word.
A slope below 1 says that they are too extreme, one above 1 that they are too timid.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from leanlung.statistics.estimate import Estimate, require_level
from leanlung.statistics.logistic import fit_logistic

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from leanlung.statistics.logistic import LogisticFit
    from leanlung.statistics.predictions import Predictions

LEAST = 1e-12
"""What a probability counts at least in a logarithm: a table may hold a plain 0."""

_NEEDS = "undefined: it takes studies that the answers do not tell apart perfectly"


@dataclass(frozen=True)
class CalibrationLine:
    """How the log-odds of one class would have to be stretched and moved to fit.

    Attributes:
        of_class: Name of the class, against the rest.
        slope: Of the true log-odds over the answered ones; 1 is right.
        intercept: Of that same line; 0 is right.
        in_the_large: The intercept where the slope is held at 1: above 0 the class is commoner
            than the probabilities say, below 0 rarer.
    """

    of_class: str
    slope: Estimate
    intercept: Estimate
    in_the_large: Estimate

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, the estimates nested, ready for JSON."""
        return asdict(self)


def calibration_lines(
    predictions: Predictions, *, level: float = 0.95
) -> tuple[CalibrationLine, ...]:
    """Fit the calibration line of every class against the rest.

    Args:
        predictions: Of one model. Probabilities below 1e-12 count as 1e-12.
        level: Of the two-sided intervals, in (0, 1).

    Returns:
        One line a class, in the order of the classes. For two classes the slopes are the same
        and the intercepts opposite.

    Raises:
        StatisticsError: If the level is no share in (0, 1).

    Source: Cox 1958, Biometrika 45; Van Calster et al. 2019, BMC Medicine 17:230.
    """
    require_level(level)
    found = []
    for index, name in enumerate(predictions.classes):
        odds = log_odds(predictions.probabilities, index)
        of_class = (predictions.labels == index).astype(np.int64)
        both = np.zeros((len(odds), 2, 2))
        both[:, 1, 0], both[:, 1, 1] = 1.0, odds
        line = fit_logistic(both, of_class)
        offset = np.stack([np.zeros(len(odds)), odds], axis=1)
        moved = fit_logistic(both[:, :, :1], of_class, offset)
        found.append(
            CalibrationLine(
                name,
                _estimate(f"slope:{name}", line, 1, predictions, level),
                _estimate(f"intercept:{name}", line, 0, predictions, level),
                _estimate(f"in_the_large:{name}", moved, 0, predictions, level),
            )
        )
    return tuple(found)


def joint_slope(predictions: Predictions, *, level: float = 0.95) -> Estimate:
    """Fit one slope to the log-probabilities of all classes, each with its own intercept.

    For two classes this is the slope of the calibration line; for more it is one figure for
    what the lines say class by class.

    Args:
        predictions: Of one model.
        level: Of the two-sided interval, in (0, 1).

    Raises:
        StatisticsError: If the level is no share in (0, 1).

    Source: Van Hoorde et al. 2014, Statistics in Medicine 33(15), with one slope for all.
    """
    require_level(level)
    logs = np.log(np.maximum(predictions.probabilities, LEAST))
    classes = logs.shape[1]
    design = np.zeros((len(logs), classes, classes))
    design[:, :, 0] = logs
    design[:, range(1, classes), range(1, classes)] = 1.0
    return _estimate("slope", fit_logistic(design, predictions.labels), 0, predictions, level)


def log_odds(probabilities: NDArray[np.float64], index: int) -> NDArray[np.float64]:
    """Give the log-odds of one class against the rest, shape (n,)."""
    rest = np.delete(probabilities, index, axis=1).sum(axis=1)
    of_class = probabilities[:, index]
    odds: NDArray[np.float64] = np.log(np.maximum(of_class, LEAST) / np.maximum(rest, LEAST))
    return odds


def _estimate(
    name: str, fit: LogisticFit | None, place: int, predictions: Predictions, level: float
) -> Estimate:
    counted = len(predictions), predictions.patient_count
    if fit is None:
        return Estimate(name, None, None, None, level, _NEEDS, *counted)
    repeated = predictions.repeats_patients
    method = "logistic fit, Wald" + (" with errors clustered by patient" if repeated else "")
    if repeated and counted[1] <= fit.parameters.size:
        method = f"no interval: {counted[1]} patients are too few"
        return Estimate(name, float(fit.parameters[place]), None, None, level, method, *counted)
    error = float(fit.errors(predictions.patients if repeated else None)[place])
    reach = NormalDist().inv_cdf((1.0 + level) / 2.0) * error
    value = float(fit.parameters[place])
    return Estimate(name, value, value - reach, value + reach, level, method, *counted)
