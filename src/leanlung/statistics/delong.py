"""DeLong's interval of an AUC, from what each study contributes to it.

The variance is kept as one influence a study: squared and summed it is exactly DeLong's. In
this form the mean over classes and the difference of two models on the same studies are plain
means and differences of vectors, with their covariances right by themselves.

The normal interval is too short close to 1, and a class told apart perfectly adds nothing to
the width of a mean over classes; `compare` puts limits around the same variances that mend the
first (`leanlung.statistics.square_and_add`). Where nothing at all varies there is no interval
here, and `measure` and `compare` give an exact bound instead.

Source: DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44(3); the sums in O(n log n) as in
    Sun & Xu 2014, IEEE Signal Processing Letters 21(11), with searches in place of midranks.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from leanlung.statistics.predictions import Predictions

# Far below any true standard error, far above what rounding leaves of none.
NO_SPREAD = 1e-9


def auc_influences(
    positive: NDArray[np.bool_], scores: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give what every study contributes to the AUC beyond its mean.

    Args:
        positive: Shape (n,): whether the study is of the class.
        scores: Shape (n,): higher speaks for the class.

    Returns:
        Shape (n,). They sum to zero, and their squares to DeLong's variance. All NaN where a
        side has fewer than two studies, as nothing is known of its spread then.

    Source: DeLong et al. 1988, the structural components: each less the AUC, over the m
        studies of its side, times the root of m / (m - 1).
    """
    influences = np.full(len(scores), np.nan)
    if min(positive.sum(), (~positive).sum()) < 2:
        return influences
    for side, other, sign in ((positive, ~positive, 1.0), (~positive, positive, -1.0)):
        components = sign * _share_below(scores[side], scores[other])
        m = len(components)
        influences[side] = (components - components.mean()) / np.sqrt(m * (m - 1))
    return influences


def mean_influences(predictions: Predictions, classes: Sequence[int]) -> NDArray[np.float64]:
    """Give the influences on the mean one-against-the-rest AUC of some classes, shape (n,)."""
    each = [
        auc_influences(predictions.labels == index, predictions.probabilities[:, index])
        for index in classes
    ]
    mean: NDArray[np.float64] = np.mean(each, axis=0)
    return mean


def standard_error(influences: NDArray[np.float64]) -> float:
    """Give the standard error of what has these influences; NaN where they are unknown."""
    return float(np.sqrt(np.sum(influences**2)))


def freedom(influences: NDArray[np.float64], groups: NDArray[np.generic]) -> float:
    """Give the degrees of freedom of a standard error, by Satterthwaite's formula.

    Args:
        influences: Shape (n,), of two or more studies of each group; not all zero.
        groups: Shape (n,): the sides that components were taken on, such as the true class.

    Source: Satterthwaite 1946, Biometrics Bulletin 2(6), as Brunner & Munzel 2000, Biometrical
        Journal 42(1), use it for an area.
    """
    total, parts = 0.0, 0.0
    for group in np.unique(groups):
        side = influences[groups == group]
        variance = float(np.sum(side**2))
        total += variance
        parts += variance**2 / (len(side) - 1)
    return total**2 / parts


def normal_interval(
    value: float, influences: NDArray[np.float64], level: float, lowest: float = 0.0
) -> tuple[float, float] | None:
    """Give the interval of an AUC, of a mean or of a difference of AUCs.

    Args:
        value: The estimate.
        influences: Shape (n,).
        level: In (0, 1), two-sided.
        lowest: Where the interval is cut off below; 0 for an AUC, -1 for a difference. Above
            it is cut off at 1.

    Returns:
        Lower and upper end, or None if the influences are unknown or show no spread.
    """
    error = standard_error(influences)
    if not error > NO_SPREAD:
        return None
    reach = NormalDist().inv_cdf((1.0 + level) / 2.0) * error
    return max(lowest, value - reach), min(1.0, value + reach)


def _share_below(
    scores: NDArray[np.float64], others: NDArray[np.float64]
) -> NDArray[np.float64]:
    others = np.sort(others)
    below = np.searchsorted(others, scores, side="left")
    through = np.searchsorted(others, scores, side="right")
    return (below + through) / (2 * len(others))
