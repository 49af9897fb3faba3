"""The area under the ROC curve, and the curve itself.

The area is the chance that a study of the class scores above one that is not, a tie counting
half; the same number as the area under the straight lines between the points of the curve.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class RocCurve:
    """Points of a ROC curve, from (0, 0) to (1, 1), one a distinct score.

    Attributes:
        false_positive_shares: Ascending, shape (points,), in [0, 1].
        true_positive_shares: Ascending, shape (points,), in [0, 1].
        thresholds: Descending, shape (points,): a study is called positive if it scores at
            least this; infinite at the first point.
    """

    false_positive_shares: NDArray[np.float64]
    true_positive_shares: NDArray[np.float64]
    thresholds: NDArray[np.float64]


def roc_curve(positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> RocCurve | None:
    """Trace the ROC curve.

    Args:
        positive: Shape (n,): whether the study is of the class.
        scores: Shape (n,): higher speaks for the class.

    Returns:
        The curve, or None where one of the two sides is empty.
    """
    positives, negatives = np.sort(scores[positive]), np.sort(scores[~positive])
    if not positives.size or not negatives.size:
        return None
    thresholds = np.concatenate([[np.inf], np.unique(scores)[::-1]])
    return RocCurve(
        (negatives.size - np.searchsorted(negatives, thresholds)) / negatives.size,
        (positives.size - np.searchsorted(positives, thresholds)) / positives.size,
        thresholds,
    )


def auc(positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> float | None:
    """Give the area under the ROC curve.

    Args:
        positive: Shape (n,): whether the study is of the class.
        scores: Shape (n,): higher speaks for the class.

    Returns:
        In [0, 1], or None where one of the two sides is empty.
    """
    area = Ranking.of(positive, scores).auc(np.ones(len(scores)))
    return None if np.isnan(area) else area


@dataclass(frozen=True, eq=False)
class Ranking:
    """Studies sorted once, so that the area under any weights takes one pass.

    Attributes:
        positives: Rows of the class, shape (m,).
        negatives: Rows of the others, by ascending score, shape (n,).
        below: How many of ``negatives`` score below each positive, shape (m,).
        through: How many score as high at most, shape (m,).
    """

    positives: NDArray[np.intp]
    negatives: NDArray[np.intp]
    below: NDArray[np.intp]
    through: NDArray[np.intp]

    @classmethod
    def of(cls, positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> Ranking:
        """Sort the studies; ``positive`` and ``scores`` have shape (n,)."""
        positives, negatives = np.flatnonzero(positive), np.flatnonzero(~positive)
        negatives = negatives[np.argsort(scores[negatives])]
        sorted_scores = scores[negatives]
        return cls(
            positives,
            negatives,
            np.searchsorted(sorted_scores, scores[positives], side="left"),
            np.searchsorted(sorted_scores, scores[positives], side="right"),
        )

    def auc(self, weights: NDArray[np.float64]) -> float:
        """Give the area where every study counts as often as its weight says.

        Args:
            weights: Shape (n,), whole numbers from 0 on.

        Returns:
            In [0, 1], or NaN where one of the two sides weighs nothing.
        """
        positive = weights[self.positives]
        negative_up_to = np.concatenate([[0.0], np.cumsum(weights[self.negatives])])
        pairs = positive.sum() * negative_up_to[-1]
        if pairs == 0:
            return float("nan")
        won_twice = positive @ (negative_up_to[self.below] + negative_up_to[self.through])
        return float(won_twice / (2 * pairs))
