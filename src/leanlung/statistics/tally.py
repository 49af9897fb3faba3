"""A tally: the counts and areas that every metric is computed from, under many weights.

Counts are sums over studies, so they are taken once for each patient and then weighed, all in
one product of matrices. Only what depends on ranks is gone through anew for every weight.
"""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np

from leanlung.statistics.auc import Ranking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from leanlung.statistics.predictions import Predictions

    Numbers = NDArray[np.float64]

Held = Literal["specificity", "sensitivity"]

T = TypeVar("T")
U = TypeVar("U")

_AT_ONCE = 16
_WORTH_THREADS = 50_000


@dataclass(frozen=True)
class Wanted:
    """What a tally is to hold beside the confusion matrices.

    Attributes:
        areas: Whether the AUCs are needed; they take most of the time.
        calls: Classes with the thresholds from which on they are called.
        points: Classes with what is held at which value on the ROC curve.
    """

    areas: bool = False
    calls: frozenset[tuple[int, float]] = frozenset()
    points: frozenset[tuple[int, Held, float]] = frozenset()


@dataclass(frozen=True, eq=False)
class Tally:
    """Counts and areas under R weights, over K classes.

    Attributes:
        counts: Confusion matrices, shape (R, K, K).
        aucs: Area under the ROC curve of each class against the rest, shape (R, K), NaN where
            a side weighs nothing; shape (R, 0) where nobody asked for areas.
        occurring: Indices of the classes that have a study at all, whatever the weights.
        brier: Brier scores, shape (R,), in [0, 2], NaN where nothing weighs anything.
        called: For a class and its threshold, studies by whether they are of the class (row)
            and called so (column), shape (R, 2, 2).
        held: Sensitivity where specificity is held, or the other way round, shape (R,).
    """

    counts: Numbers
    aucs: Numbers
    occurring: tuple[int, ...]
    brier: Numbers
    called: dict[tuple[int, float], Numbers] = field(default_factory=dict)
    held: dict[tuple[int, Held, float], Numbers] = field(default_factory=dict)


def tally(
    predictions: Predictions,
    weights: Iterable[Numbers],
    wanted: Wanted,
    units: NDArray[np.int64] | None = None,
) -> Tally:
    """Tally predictions under each of many weights.

    Args:
        predictions: Of n studies.
        weights: R vectors of shape (u,): how often every unit counts.
        wanted: What is needed.
        units: Shape (n,): which unit every study belongs to, from 0 on; each study is one by
            itself if not given.
    """
    units = np.arange(len(predictions)) if units is None else units
    classes = len(predictions.classes)
    calls, points = sorted(wanted.calls), sorted(wanted.points)
    cells = _cells(predictions, units, calls)
    ranked = set(range(classes)) if wanted.areas else {index for index, *_ in points}
    rankings = {
        index: Ranking.of(
            predictions.labels == index, predictions.probabilities[:, index], units
        )
        for index in sorted(ranked)
    }
    mirrored = wanted.areas and _mirrored(predictions)
    measured = range((1 if mirrored else classes) if wanted.areas else 0)

    def work(chunk: list[Numbers]) -> tuple[Numbers, list[list[float]]]:
        ranks = []
        for weight in chunk:
            found = [rankings[index].auc(weight) for index in measured]
            found += found[:1] if mirrored else []
            for index, what, share in points:
                ranking = rankings[index]
                at = ranking.sensitivity_at if what == "specificity" else ranking.specificity_at
                found.append(at(share, weight))
            ranks.append(found)
        return np.array(chunk) @ cells, ranks

    threads = (
        min(4, os.cpu_count() or 1) if len(predictions) >= _WORTH_THREADS and rankings else 1
    )
    sums, ranks = [], []
    for sums_of, ranks_of in _in_turn(work, _chunks(weights), threads):
        sums.append(sums_of)
        ranks += ranks_of
    total = np.concatenate(sums)
    by_rank = np.array(ranks, dtype=np.float64).reshape(len(total), -1)
    areas = classes if wanted.areas else 0
    square = classes * classes
    with np.errstate(divide="ignore", invalid="ignore"):
        brier = total[:, square] / total[:, :square].sum(axis=1)
    return Tally(
        total[:, :square].reshape(-1, classes, classes),
        by_rank[:, :areas],
        occurring_classes(predictions),
        brier,
        {
            call: total[:, square + 1 + 4 * place :][:, :4].reshape(-1, 2, 2)
            for place, call in enumerate(calls)
        },
        {point: by_rank[:, areas + place] for place, point in enumerate(points)},
    )


def occurring_classes(predictions: Predictions) -> tuple[int, ...]:
    """Give the indices of the classes that have a study."""
    return tuple(np.unique(predictions.labels).tolist())


def _cells(
    predictions: Predictions, units: NDArray[np.int64], calls: list[tuple[int, float]]
) -> Numbers:
    """What each unit adds to every sum, shape (u, columns)."""
    classes, labels = len(predictions.classes), predictions.labels
    count = int(units.max()) + 1

    def by_unit(column: NDArray[np.int64], columns: int) -> Numbers:
        found = np.bincount(units * columns + column, minlength=count * columns)
        return found.reshape(count, columns).astype(np.float64)

    shares = predictions.probabilities
    of_truth = shares[np.arange(len(labels)), labels]
    squared = np.einsum("ij,ij->i", shares, shares) - 2.0 * of_truth + 1.0
    parts = [
        by_unit(labels * classes + predictions.predicted, classes * classes),
        np.bincount(units, squared, count)[:, np.newaxis],
    ]
    for index, threshold in calls:
        called = (shares[:, index] >= threshold).astype(np.int64)
        parts.append(by_unit(2 * (labels == index) + called, 4))
    return np.concatenate(parts, axis=1)


def _mirrored(predictions: Predictions) -> bool:
    """Whether two classes rank the studies the other way round: one area does for both."""
    if len(predictions.classes) != 2:
        return False
    order = np.argsort(predictions.probabilities[:, 1], kind="stable")
    up, down = (np.diff(predictions.probabilities[order, index]) for index in (1, 0))
    return bool(((down <= 0) & ((down == 0) == (up == 0))).all())


def _chunks(weights: Iterable[Numbers]) -> Iterator[list[Numbers]]:
    source = iter(weights)
    while chunk := list(islice(source, _AT_ONCE)):
        yield chunk


def _in_turn(work: Callable[[T], U], tasks: Iterator[T], threads: int) -> Iterator[U]:
    """Do tasks by several threads, a few ahead, and give what comes of them in order."""
    if threads == 1:
        yield from map(work, tasks)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads) as pool:
        ahead = deque(pool.submit(work, task) for task in islice(tasks, threads + 1))
        while ahead:
            yield ahead.popleft().result()
            ahead.extend(pool.submit(work, task) for task in islice(tasks, 1))
