"""A temperature: one number that makes all probabilities less sure, or surer.

Probabilities are raised to the power 1 / temperature and scaled to sum to one. The likeliest
class stays the likeliest; with two classes nothing changes its rank.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics.calibration_line import LEAST
from leanlung.statistics.logistic import fit_logistic

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from leanlung.statistics.predictions import Predictions


@dataclass(frozen=True)
class Temperature:
    """A temperature, and what it was fitted on.

    Attributes:
        value: Above 0: above 1 the probabilities were too sure, below 1 not sure enough.
        log_loss: Mean minus log probability of the true class, at this temperature.
        log_loss_before: The same at temperature 1.
        studies: How many it was fitted on.
        caveat: Why it was left at 1; empty if it was fitted.
    """

    value: float
    log_loss: float
    log_loss_before: float
    studies: int
    caveat: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return asdict(self)


def fit_temperature(
    labels: NDArray[np.int64], log_probabilities: NDArray[np.float64]
) -> Temperature:
    """Fit the temperature of largest likelihood.

    Args:
        labels: Shape (n,): index of the true class.
        log_probabilities: Shape (n, K): logits, or logarithms of probabilities.

    Returns:
        The temperature; 1 with a caveat where none is best: if every study is answered rightly
        the likelihood grows without end as the temperature falls.

    Raises:
        StatisticsError: If the shapes do not fit, or a number is not finite.

    Source: Guo et al. 2017, ICML (temperature scaling).
    """
    if log_probabilities.ndim != 2 or labels.shape != log_probabilities.shape[:1]:
        msg = (
            f"labels of shape {labels.shape} beside logits of shape {log_probabilities.shape}; "
            "(n,) and (n, classes) are expected"
        )
        raise StatisticsError(msg)
    if not np.isfinite(log_probabilities).all():
        msg = "a logit is not finite; take the logarithm of probabilities above 0"
        raise StatisticsError(msg)
    before = _log_loss(labels, log_probabilities)
    fit = fit_logistic(log_probabilities[:, :, np.newaxis], labels)
    kept = Temperature(1.0, before, before, len(labels))
    if fit is None:
        return replace(kept, caveat="no temperature is best: every study is answered rightly")
    power = float(fit.parameters[0])
    if power <= 0.0:
        return replace(kept, caveat="no temperature is best: chance answers as well as this")
    return Temperature(1.0 / power, -fit.log_likelihood / len(labels), before, len(labels))


def temperature_of(predictions: Predictions) -> Temperature:
    """Fit a temperature to predictions, of the validation part and never of the test part.

    Args:
        predictions: Probabilities below 1e-12 count as 1e-12.
    """
    logs = np.log(np.maximum(predictions.probabilities, LEAST))
    return fit_temperature(predictions.labels, logs)


def at_temperature(
    probabilities: NDArray[np.float64], temperature: float
) -> NDArray[np.float64]:
    """Give probabilities at a temperature.

    Args:
        probabilities: Shape (n, K), each row summing to one.
        temperature: Above 0; 1 changes nothing beyond rounding.

    Returns:
        Shape (n, K).

    Raises:
        StatisticsError: If the temperature is not a positive number.
    """
    if not 0.0 < temperature < np.inf:
        msg = f"temperature {temperature}: a positive number is expected, 1 to change nothing"
        raise StatisticsError(msg)
    with np.errstate(divide="ignore"):
        logs = np.log(probabilities) / temperature
    shares = np.exp(logs - logs.max(axis=1, keepdims=True))
    scaled: NDArray[np.float64] = shares / shares.sum(axis=1, keepdims=True)
    return scaled


def _log_loss(labels: NDArray[np.int64], logits: NDArray[np.float64]) -> float:
    highest = logits.max(axis=1)
    total = highest + np.log(np.exp(logits - highest[:, np.newaxis]).sum(axis=1))
    return float((total - logits[np.arange(len(labels)), labels]).mean())
