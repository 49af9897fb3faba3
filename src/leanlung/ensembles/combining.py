"""Combining: the probabilities of several models made into one answer a study.

Every function takes probabilities of shape (models, studies, classes), each row summing to one,
and gives shape (studies, classes), each row summing to one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Shares = NDArray[np.float64]


def vote(probabilities: Shares) -> Shares:
    """Count votes: every model has one, for its likeliest class (of equals the first).

    Args:
        probabilities: Shape (M, n, K).

    Returns:
        Shape (n, K): the share of the votes that each class got. Where classes lead together,
        the mean of the probabilities has a casting vote among them, so that M + 1 votes are
        shared: of two models that disagree, the class of the higher mean gets 2/3.

        These are counts and not degrees of belief: with three models a class has 0, 1/3, 2/3
        or 1 (1/4 or 1/2 after a casting vote). The likeliest class is what the vote is for.
        An area under the ROC curve rests on these few steps and is coarse; all that agrees is
        answered with a certainty that no temperature or log-loss can take at its word.

    Source: max voting, Rajaraman et al. 2020, II.F; they do not say how ties are broken.
    """
    models, studies, classes = probabilities.shape
    rows = np.arange(studies)
    counts = np.zeros((studies, classes))
    for answered in probabilities.argmax(axis=2):
        counts[rows, answered] += 1.0
    leading = counts == counts.max(axis=1, keepdims=True)
    tied = leading.sum(axis=1) > 1
    cast = np.where(leading, probabilities.mean(axis=0), -1.0).argmax(axis=1)
    counts[rows[tied], cast[tied]] += 1.0
    shares: Shares = counts / (models + tied)[:, np.newaxis]
    return shares


def mean(probabilities: Shares) -> Shares:
    """Average the models, each counting alike.

    Args:
        probabilities: Shape (M, n, K).

    Returns:
        Shape (n, K).

    Source: simple averaging, Rajaraman et al. 2020, II.F.
    """
    return weighted(probabilities, np.full(len(probabilities), 1.0 / len(probabilities)))


def weighted(probabilities: Shares, weights: Sequence[float] | Shares) -> Shares:
    """Average the models with weights.

    Args:
        probabilities: Shape (M, n, K).
        weights: M of them, none below 0, summing to one.

    Returns:
        Shape (n, K).

    Source: weighted averaging, Rajaraman et al. 2020, II.F and III.
    """
    found = np.tensordot(np.asarray(weights, dtype=np.float64), probabilities, axes=1)
    # Weights that sum to one sum to one and a bit in floating point.
    return np.minimum(found, 1.0)
