"""A probe: a linear reader of plain features, always asked about patients it has not seen.

It stands for the least a network would learn. What it tells is there to be learnt; what it
does not tell, a network may find all the same.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.foundations.seeds import Seeds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]
    Numbers = NDArray[np.int64]

FOLDS = 5
STRENGTHS = (0.1, 1.0, 10.0, 100.0, 1000.0)
"""Inverse strengths of the L2 penalty that are tried, the strictest first."""

ABOUT = (
    "features standardised, at most 256 principal components, L2 logistic regression; all of "
    "it, strength of the penalty included, from the patients learnt from"
)

_COMPONENTS = 256
_INNER = 4
_STEPS = 200
_LEAST = 1e-12
_STILL = 1e-6


@dataclass(frozen=True, eq=False)
class _Space:
    """Standardised features turned onto their main directions, learnt from some studies."""

    mean: Floats
    spread: Floats
    directions: Floats
    scale: float

    @classmethod
    def of(cls, features: Floats) -> _Space:
        mean, spread = features.mean(axis=0), features.std(axis=0)
        # What never changes while learning is left out, lest it explode later.
        spread = np.where(spread > _STILL, spread, np.inf).astype(features.dtype)
        standard = (features - mean) / spread
        directions = _main_directions(standard)
        scale = float(np.sqrt(np.square(standard @ directions).sum(axis=1).mean())) or 1.0
        return cls(mean, spread, directions, scale)

    def __call__(self, features: Floats) -> NDArray[np.float64]:
        turned = ((features - self.mean) / self.spread) @ self.directions
        return np.asarray(turned / self.scale, dtype=np.float64)


def _main_directions(standard: Floats) -> Floats:
    """Give the principal directions, (features, at most 256), of (n, features)."""
    from scipy.linalg import eigh

    n, features = standard.shape
    wide = features > n
    products = (standard @ standard.T if wide else standard.T @ standard).astype(np.float64)
    count = min(_COMPONENTS, len(products))
    values, vectors = eigh(products, subset_by_index=(len(products) - count, len(products) - 1))
    real = values > max(float(values[-1]), _STILL) * _STILL
    real[-1] = True  # where nothing varies, one direction in which all are alike
    if wide:
        vectors = standard.T @ (vectors[:, real] / np.sqrt(np.maximum(values[real], _STILL)))
        return np.asarray(vectors, dtype=standard.dtype)
    return np.asarray(vectors[:, real], dtype=standard.dtype)


def patient_folds(labels: Numbers, groups: Numbers, count: int, seed: int) -> Numbers:
    """Deal patients out into folds, alike in their classes.

    Args:
        labels: Shape (n,), from 0 on.
        groups: Shape (n,), from 0 without gaps: studies of one group never part.
        count: How many folds.
        seed: Orders groups of equally many studies.

    Returns:
        Shape (n,): the fold of every study, in [0, count).
    """
    classes = int(labels.max()) + 1
    held = np.zeros((int(groups.max()) + 1, classes))
    np.add.at(held, (groups, labels), 1)
    order = np.random.default_rng(seed).permutation(len(held))
    order = order[np.argsort(-held[order].sum(axis=1), kind="stable")]
    wanted = np.maximum(held.sum(axis=0) / count, 1e-9)
    have = np.zeros((count, classes))
    fold = np.zeros(len(held), dtype=np.int64)
    for group in order:
        need = (wanted - have) / wanted
        fold[group] = int(np.argmax(need @ held[group]))
        have[fold[group]] += held[group]
    return np.asarray(fold[groups])


def cross_validated(
    features: Floats, labels: Numbers, groups: Numbers, seed: int, folds: int = FOLDS
) -> NDArray[np.float64]:
    """Answer every study by a probe that saw no study of its patient.

    Args:
        features: Shape (n, features).
        labels: Shape (n,), two classes or more, counted from 0 without gaps.
        groups: Shape (n,), as for `patient_folds`.
        seed: Of folds and solver.
        folds: How many.

    Returns:
        Shape (n, classes): probabilities, each row summing to one. A class that a fold's
        training studies lack gets none.
    """
    seeds = Seeds(seed)
    fold = patient_folds(labels, groups, folds, seeds.number("folds"))
    found = np.zeros((len(labels), int(labels.max()) + 1))
    for number in np.unique(fold):
        asked = fold == number
        found[asked] = _answers(
            features[~asked],
            labels[~asked],
            groups[~asked],
            features[asked],
            found.shape[1],
            seeds.number("fold", int(number)),
        )
    return found


def held_out(
    features: Floats, labels: Numbers, groups: Numbers, asked: NDArray[np.bool_], seed: int
) -> NDArray[np.float64]:
    """Learn from some studies and answer the others.

    Args:
        features: Shape (n, features).
        labels: Shape (n,), as for `cross_validated`.
        groups: Shape (n,), as for `patient_folds`.
        asked: Shape (n,): True for those to answer, whose labels are not looked at.
        seed: Of the inner folds and the solver.

    Returns:
        Shape (asked, classes).
    """
    return _answers(
        features[~asked],
        labels[~asked],
        groups[~asked],
        features[asked],
        int(labels.max()) + 1,
        Seeds(seed).number("held out"),
    )


def _answers(
    features: Floats, labels: Numbers, groups: Numbers, asked: Floats, classes: int, seed: int
) -> NDArray[np.float64]:
    """Learn, with the penalty chosen on inner patients, and answer."""
    if len(np.unique(labels)) < 2:  # one class left to learn from: nothing else can be said
        found = np.zeros((len(asked), classes))
        found[:, labels] = 1.0
        return found
    space = _Space.of(features)
    known = space(features)
    _, inner_groups = np.unique(groups, return_inverse=True)
    inner = patient_folds(labels, inner_groups.astype(np.int64), _INNER, seed) == 0
    strength = _best_strength(known[~inner], labels[~inner], known[inner], labels[inner])
    return _fit(known, labels, strength).answers(space(asked), classes)


def _best_strength(known: Floats, labels: Numbers, asked: Floats, right: Numbers) -> float:
    """Loosen the penalty for as long as the inner patients are answered better."""
    best, least = STRENGTHS[0], np.inf
    if len(np.unique(labels)) < 2 or not len(right):
        return best
    classes = int(max(labels.max(), right.max())) + 1
    for strength in STRENGTHS:
        found = _fit(known, labels, strength).answers(asked, classes)
        loss = -np.log(np.maximum(found[np.arange(len(right)), right], _LEAST)).mean()
        if loss >= least:
            break
        best, least = strength, loss
    return best


@dataclass(frozen=True)
class _Fitted:
    model: Any
    classes: Sequence[int]

    def answers(self, asked: Floats, classes: int) -> NDArray[np.float64]:
        found = np.zeros((len(asked), classes))
        found[:, list(self.classes)] = self.model.predict_proba(asked)
        return found


def _fit(known: Floats, labels: Numbers, strength: float) -> _Fitted:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        # Stopped early it is a little simpler, which is no fault in a probe.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=strength, max_iter=_STEPS).fit(known, labels)
    return _Fitted(model, [int(one) for one in model.classes_])
