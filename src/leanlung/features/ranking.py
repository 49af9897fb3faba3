"""A ranking: features by how far the classes' means lie apart, the F-test of one-way ANOVA."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.features.checking import require_features
from leanlung.foundations.errors import TrainingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]

_COLUMNS = 256
"""Looked at together: enough to be fast, too few to need a copy of the whole matrix."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """Features in the order in which they are added.

    Attributes:
        order: Indices of the features that vary, best first. Of two with the same F the later
            one comes first, as `SelectKBest` cuts them.
        f: Shape (F,): variance between classes by variance within; infinite where every class
            has one value and these differ; 0 where the feature is constant. Never NaN.
        p: Shape (F,): chance of such an F where the classes do not differ, in [0, 1].
        constant: Indices of the features that have the same value in every image.
    """

    order: NDArray[np.int64]
    f: NDArray[np.float64]
    p: NDArray[np.float64]
    constant: NDArray[np.int64]


def rank_features(features: Floats, labels: NDArray[np.int64]) -> Ranking:
    """Rank features by the F-test.

    Constant features, by their exact minimum and maximum, leave first. The rest come in the
    order of scikit-learn's ``SelectKBest(f_classif)``. Sums are taken of differences from means
    in float64, so that a feature that tells the classes apart without fail is the best one,
    where the difference of two sums of squares may round below zero and make it the last.

    Args:
        features: Shape (N, F), of the training part alone.
        labels: Shape (N,), from 0 on.

    Raises:
        TrainingError: If there are fewer than two classes or no more images than classes, if no
            feature varies, or one is not finite.

    Source: García-Ramírez et al. 2023, Algorithm 1.
    """
    require_features(features, labels, "training part")
    _, places, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if len(counts) < 2 or len(labels) <= len(counts):
        msg = (
            f"{len(labels)} training images of {len(counts)} classes; ranking features needs "
            "two classes and more images than classes: split anew or join classes"
        )
        raise TrainingError(msg)
    order = np.argsort(places, kind="stable")
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    constant = features.min(axis=0) == features.max(axis=0)
    if constant.all():
        msg = (
            f"all {features.shape[1]} features are constant on {len(labels)} training images; "
            "the network is dead: train it again, with a lower rate or other weights"
        )
        raise TrainingError(msg)
    f = np.zeros(features.shape[1])
    for start in range(0, len(f), _COLUMNS):
        some = slice(start, start + _COLUMNS)
        f[some] = _f(features[order, some].astype(np.float64), starts, counts)
    f[constant] = 0.0
    ascending = np.argsort(f, kind="stable")
    best_first = ascending[::-1]
    return Ranking(
        order=best_first[~constant[best_first]].astype(np.int64),
        f=f,
        p=_p(f, len(counts) - 1, len(labels) - len(counts)),
        constant=np.flatnonzero(constant).astype(np.int64),
    )


def _f(
    columns: NDArray[np.float64], starts: NDArray[np.int64], counts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Give the F of columns whose rows come class by class."""
    overall = columns.mean(axis=0)
    between, within = np.zeros(columns.shape[1]), np.zeros(columns.shape[1])
    for start, count in zip(starts, counts, strict=True):
        own = columns[start : start + count]
        alike = own.min(axis=0) == own.max(axis=0)  # whose mean may be rounded off its value
        mean = np.where(alike, own[0], own.mean(axis=0))
        between += count * np.square(mean - overall)
        within += np.square(own - mean).sum(axis=0)
    between /= len(counts) - 1
    within /= len(columns) - len(counts)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        found = between / within
    return np.where(np.isnan(found), 0.0, found)


def _p(f: NDArray[np.float64], between: int, within: int) -> NDArray[np.float64]:
    from scipy.special import fdtrc

    found = fdtrc(between, within, np.where(np.isinf(f), 0.0, f))
    return np.asarray(np.where(np.isinf(f), 0.0, found), dtype=np.float64)
