"""A confusion matrix, and what can be read off it.

Matrices have shape (..., K, K), counts of studies by true class (row) and answered class
(column); the leading axes are resamples. A figure is NaN where it would be nought over nought.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Counts = NDArray[np.float64]
    Shares = NDArray[np.float64]


def confusion_matrix(
    labels: NDArray[np.int64],
    predicted: NDArray[np.int64],
    classes: int,
    weights: NDArray[np.float64] | None = None,
) -> Counts:
    """Count studies by true and by answered class.

    Args:
        labels: Shape (n,): index of the true class.
        predicted: Shape (n,): index of the answered class.
        classes: How many there are, K.
        weights: Shape (n,): how often each study counts; once if not given.

    Returns:
        Shape (K, K).
    """
    cells = np.bincount(labels * classes + predicted, weights, classes * classes)
    return cells.reshape(classes, classes).astype(np.float64)


def accuracy(counts: Counts) -> Shares:
    """Give the share of studies answered rightly, shape (...)."""
    return _share(_right(counts).sum(axis=-1), counts.sum(axis=(-2, -1)))


def sensitivity(counts: Counts) -> Shares:
    """Give, for each class, the share of its studies answered so, shape (..., K)."""
    return _share(_right(counts), counts.sum(axis=-1))


def specificity(counts: Counts) -> Shares:
    """Give, for each class, the share of other studies not answered so, shape (..., K)."""
    total = counts.sum(axis=(-2, -1))[..., np.newaxis]
    others = total - counts.sum(axis=-1)
    return _share(others - (counts.sum(axis=-2) - _right(counts)), others)


def precision(counts: Counts) -> Shares:
    """Give, for each class, the share of answers of it that are right, shape (..., K)."""
    return _share(_right(counts), counts.sum(axis=-2))


def f(counts: Counts) -> Shares:
    """Give, for each class, the harmonic mean of sensitivity and precision, shape (..., K).

    From the counts, so that a class never answered has 0; one without a study has none.
    """
    true, answered = counts.sum(axis=-1), counts.sum(axis=-2)
    return np.where(true > 0, _share(2 * _right(counts), true + answered), np.nan)


def mcc(counts: Counts) -> Shares:
    """Give the correlation of true and answered classes, in [-1, 1], shape (...).

    Where the answer is always the same it tells nothing: 0. Where the true class is always the
    same there is nothing to tell: NaN.

    Source: Gorodkin 2004, Computational Biology and Chemistry 28 (R_K), which for two classes
        is the coefficient of Matthews.
    """
    true, answered = counts.sum(axis=-1), counts.sum(axis=-2)
    total = counts.sum(axis=(-2, -1))
    covariance = _right(counts).sum(axis=-1) * total - (true * answered).sum(axis=-1)
    true_variance = total**2 - (true**2).sum(axis=-1)
    answered_variance = total**2 - (answered**2).sum(axis=-1)
    constant = (answered_variance == 0) & (true_variance > 0)
    scale = np.sqrt(true_variance) * np.sqrt(answered_variance)
    return np.where(constant, 0.0, _share(covariance, scale))


def _right(counts: Counts) -> Counts:
    return np.diagonal(counts, axis1=-2, axis2=-1)


def _share(part: Counts, whole: Counts) -> Shares:
    share = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=share, where=whole > 0)
    return share
