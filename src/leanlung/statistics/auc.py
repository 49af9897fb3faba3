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


# Far below the weight of one study, above what rounding makes of a share of a million.
_ROUNDING = 1e-6


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
        positives: What is weighed, for each study of the class by ascending score, shape (m,).
        negatives: Likewise for the others, shape (n,).
        below: How many of ``negatives`` score below each positive, shape (m,).
        through: How many score as high at most, shape (m,).
        first: Place of the first positive that scores as high, shape (m,).
    """

    positives: NDArray[np.intp]
    negatives: NDArray[np.intp]
    below: NDArray[np.intp]
    through: NDArray[np.intp]
    first: NDArray[np.intp]

    @classmethod
    def of(
        cls,
        positive: NDArray[np.bool_],
        scores: NDArray[np.float64],
        units: NDArray[np.int64] | None = None,
    ) -> Ranking:
        """Sort the studies.

        Args:
            positive: Shape (n,): whether the study is of the class.
            scores: Shape (n,): higher speaks for the class.
            units: Shape (n,): what is weighed, such as the number of the study's patient; each
                study by itself if not given.
        """
        order = np.argsort(scores, kind="stable")
        of_class = positive[order]
        positives, negatives = order[of_class], order[~of_class]
        ours, theirs = scores[positives], scores[negatives]
        if units is not None:
            positives, negatives = units[positives], units[negatives]
        below = np.searchsorted(theirs, ours, side="left")
        through = np.searchsorted(theirs, ours, side="right")
        return cls(
            positives,
            negatives,
            below,
            # The same object says at once that there is no tie.
            below if np.array_equal(below, through) else through,
            np.searchsorted(ours, ours, side="left"),
        )

    def auc(self, weights: NDArray[np.float64]) -> float:
        """Give the area where every study counts as often as its weight says.

        Args:
            weights: Of what is weighed, whole numbers from 0 on.

        Returns:
            In [0, 1], or NaN where one of the two sides weighs nothing.
        """
        positive, up_to = self._weighed(weights)
        pairs = positive.sum() * float(up_to[-1])
        if pairs == 0:
            return float("nan")
        won_twice = positive @ up_to.take(self.below, mode="clip").astype(np.float64)
        if self.through is self.below:
            return float(won_twice / pairs)
        won_twice += positive @ up_to.take(self.through, mode="clip").astype(np.float64)
        return float(won_twice / (2.0 * pairs))

    def sensitivity_at(self, specificity: float, weights: NDArray[np.float64]) -> float:
        """Give the sensitivity of the lowest threshold of at least this specificity.

        Args:
            specificity: In [0, 1].
            weights: As for `auc`.

        Returns:
            In [0, 1], or NaN where one of the two sides weighs nothing.
        """
        positive, up_to = self._weighed(weights)
        total = positive.sum()
        if total == 0 or up_to[-1] == 0:
            return float("nan")
        called = up_to[self.below] >= specificity * float(up_to[-1]) - _ROUNDING
        return float(positive @ called / total)

    def specificity_at(self, sensitivity: float, weights: NDArray[np.float64]) -> float:
        """Give the specificity of the highest threshold of at least this sensitivity.

        Args:
            sensitivity: In (0, 1].
            weights: As for `auc`.

        Returns:
            In [0, 1], or NaN where one of the two sides weighs nothing.
        """
        positive, up_to = self._weighed(weights)
        before = np.concatenate([[0.0], np.cumsum(positive)])
        total = before[-1]
        if total == 0 or up_to[-1] == 0:
            return float("nan")
        enough = total - before[self.first] >= sensitivity * total - _ROUNDING
        return float(up_to[self.below[np.flatnonzero(enough)[-1]]] / up_to[-1])

    def _weighed(
        self, weights: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
        """Weigh every positive, shape (m,), and the negatives up to each, shape (n + 1,).

        Whole numbers add up several times as fast as decimals do.
        """
        whole = weights.astype(np.int32)
        up_to = np.zeros(len(self.negatives) + 1, dtype=np.int32)
        each = whole.take(self.negatives, mode="clip")
        np.cumsum(each, dtype=np.int32, out=up_to[1:])
        return whole.take(self.positives, mode="clip").astype(np.float64), up_to
