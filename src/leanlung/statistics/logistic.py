"""Logistic fits of a few parameters: which of K classes, by scores linear in the parameters.

One form serves a calibration line (two classes, slope and intercept), its many-class kin, and
a temperature (one parameter for all classes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STEPS = 100
_HALVINGS = 40

# What a full step of Newton's could still gain in log-likelihood, when it is called done.
_DONE = 1e-12

# Below this share of the information at the start, a parameter runs away: the classes are
# told apart perfectly, and the likelihood grows without end.
_RUNAWAY = 1e-7


@dataclass(frozen=True, eq=False)
class LogisticFit:
    """The parameters of largest likelihood.

    Attributes:
        parameters: Shape (P,).
        information: Minus the second derivative of the log-likelihood there, shape (P, P).
        scores: What every study adds to its first derivative, shape (n, P); they sum to zero.
        log_likelihood: Summed over the studies, at most 0.
    """

    parameters: NDArray[np.float64]
    information: NDArray[np.float64]
    scores: NDArray[np.float64]
    log_likelihood: float

    def errors(self, patients: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """Give the standard errors of the parameters, shape (P,).

        Args:
            patients: Shape (n,): number of the patient of every study, from 0 without gaps,
                where patients repeat. Studies of one patient are then summed before they are
                squared; otherwise the errors are those of the likelihood.

        Source: Liang & Zeger 1986, Biometrika 73(1), with the correction for few clusters
            that Stata and statsmodels use.
        """
        inverse = np.linalg.inv(self.information)
        if patients is None:
            return np.asarray(np.sqrt(np.diag(inverse)))
        n, parameters = self.scores.shape
        count = int(patients.max()) + 1
        summed = np.zeros((count, parameters))
        np.add.at(summed, patients, self.scores)
        correction = count / (count - 1) * (n - 1) / (n - parameters)
        covariance = correction * inverse @ (summed.T @ summed) @ inverse
        return np.asarray(np.sqrt(np.diag(covariance)))


def fit_logistic(
    design: NDArray[np.float64],
    labels: NDArray[np.int64],
    offset: NDArray[np.float64] | None = None,
) -> LogisticFit | None:
    """Fit ``softmax(offset + design @ parameters)`` to labels, by Newton's method.

    Args:
        design: Shape (n, K, P).
        labels: Shape (n,): index of the true class, in [0, K).
        offset: Shape (n, K); 0 if not given.

    Returns:
        The fit, or None where there is no largest likelihood: the labels are told apart
        perfectly, or a parameter changes nothing.

    Source: McFadden 1974 (the conditional logit); its likelihood is concave.
    """
    n, _, count = design.shape
    fixed = np.zeros(design.shape[:2]) if offset is None else offset
    parameters = np.zeros(count)
    likelihood, scores, information = _derivatives(design, labels, fixed, parameters)
    start = np.diag(information).copy()
    if not (start > 0).all():
        return None
    for _ in range(_STEPS):
        if _smallest(information, start) < _RUNAWAY:
            return None
        gradient = scores.sum(axis=0)
        step = np.linalg.solve(information, gradient)
        if gradient @ step <= _DONE * max(1.0, n):
            return LogisticFit(parameters, information, scores, likelihood)
        for _ in range(_HALVINGS):
            found = _derivatives(design, labels, fixed, parameters + step)
            if found[0] >= likelihood:
                break
            step = step / 2
        else:
            return LogisticFit(parameters, information, scores, likelihood)
        parameters = parameters + step
        likelihood, scores, information = found
    return None


def _smallest(information: NDArray[np.float64], start: NDArray[np.float64]) -> float:
    """Give the smallest eigenvalue of the information, in units of that at the start."""
    scale = np.sqrt(start)
    return float(np.linalg.eigvalsh(information / np.outer(scale, scale))[0])


def _derivatives(
    design: NDArray[np.float64],
    labels: NDArray[np.int64],
    offset: NDArray[np.float64],
    parameters: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    values = offset + design @ parameters
    values -= values.max(axis=1, keepdims=True)
    shares = np.exp(values)
    total = shares.sum(axis=1, keepdims=True)
    shares /= total
    rows = np.arange(len(labels))
    likelihood = float((values[rows, labels] - np.log(total[:, 0])).sum())
    mean = np.einsum("nk,nkp->np", shares, design)
    scores = design[rows, labels] - mean
    information = np.einsum("nk,nkp,nkq->pq", shares, design, design) - mean.T @ mean
    return likelihood, scores, information
