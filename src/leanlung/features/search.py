"""A search: how many features of a ranking are enough, decided on the validation part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from leanlung.features.checking import require_classes, require_features
from leanlung.features.estimators import estimator, fit, scores_of
from leanlung.features.kernels import Kernels, require_memory
from leanlung.features.scaling import Scaling, columns_of
from leanlung.foundations.errors import TrainingError
from leanlung.statistics.auc import auc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from leanlung.features.plan import FeaturePlan
    from leanlung.features.ranking import Ranking

    Floats = NDArray[np.floating[Any]]
    Numbers = NDArray[np.int64]
    Phase = Literal["coarse", "fine"]
    Watch = Callable[[int, int], None]


def _unwatched(*_: int) -> None: ...


@dataclass(frozen=True)
class Point:
    """One count that was tried.

    Attributes:
        features: How many of the best ones were read.
        score: On the validation part, in [0, 1].
        phase: Of the search.
        converged: Whether the solver came to its end.
    """

    features: int
    score: float
    phase: Phase
    converged: bool = True


@dataclass(frozen=True)
class Search:
    """What was tried and what came of it.

    Attributes:
        curve: In the order tried.
        chosen: How many features.
        score: Theirs on the validation part. It is the best of many and hence too good; only
            the test part says how good they are.
    """

    curve: tuple[Point, ...]
    chosen: int
    score: float


def search_features(
    train: Floats,
    train_labels: Numbers,
    validation: Floats,
    validation_labels: Numbers,
    ranking: Ranking,
    plan: FeaturePlan,
    seed: int,
    watch: Watch = _unwatched,
) -> Search:
    """Choose how many features of a ranking the classifier reads.

    Args:
        train: Shape (N, F), what the classifier learns from.
        train_labels: Shape (N,), from 0 on.
        validation: Shape (M, F), what decides.
        validation_labels: Shape (M,).
        ranking: Of ``train``.
        plan: Classifier, step and metric.
        seed: Of a forest.
        watch: Told after each count how many were tried, and how many will be.

    Raises:
        UsageError: If the kernels need more memory than the plan allows.
        TrainingError: If a class has no training image, shapes do not fit, or a number is not
            finite.

    Source: García-Ramírez et al. 2023, Algorithm 1. Their released code makes the second, fine
        search on the test part; here the validation part decides both, and the fine search
        tries every count.
    """
    classes = int(max(train_labels.max(initial=0), validation_labels.max(initial=0))) + 1
    require_features(train, train_labels, "training part")
    require_features(validation, validation_labels, "validation part")
    require_classes(train_labels, classes)
    if validation.shape[1] != train.shape[1]:
        msg = (
            f"{train.shape[1]} features in training and {validation.shape[1]} in validation; "
            "both are expected from one network"
        )
        raise TrainingError(msg)
    if plan.kernel is not None:
        require_memory(len(train), len(validation), plan)
    scaling = Scaling.of(train) if plan.scale else None

    kernels = None
    if plan.kernel is not None:
        kernels = Kernels(train, validation, ranking.order, scaling, plan)

    def attempt(count: int) -> tuple[float, bool]:
        if kernels is not None:
            own, other = kernels.of(count)
        else:
            own, other = (
                columns_of(part, ranking.order[:count], scaling) for part in (train, validation)
            )
        model = estimator(plan, len(train), seed, made=kernels is not None)
        converged = fit(model, own, train_labels)
        return score_of(scores_of(model, other), validation_labels, plan.metric), converged

    return greedy(attempt, len(ranking.order), plan.step, watch)


def greedy(
    attempt: Callable[[int], tuple[float, bool]],
    total: int,
    step: int,
    watch: Watch = _unwatched,
) -> Search:
    """Search in two phases: steps over all counts, then every count below the best.

    Counts rise within each phase, so that what grows with them can be kept.

    Args:
        attempt: Gives for a count its score, and whether the solver came to its end.
        total: Largest count.
        step: Of the coarse phase: ``step``, twice that, … and ``total``. Of equal scores the
            smallest count wins. The fine phase tries the counts less than a step below it.
        watch: As in `search_features`.

    Returns:
        The smallest count with the highest score of the fine phase and the coarse best.
    """
    curve: list[Point] = []
    coarse = sorted({*range(step, total + 1, step), total})

    def go(counts: Iterable[int], phase: Phase, of: int) -> None:
        for count in counts:
            score, converged = attempt(count)
            curve.append(Point(count, score, phase, converged))
            watch(len(curve), of)

    go(coarse, "coarse", len(coarse) + min(step, total) - 1)
    best = max(curve, key=lambda point: (point.score, -point.features))
    tried = {point.features for point in curve}
    fine = [n for n in range(max(1, best.features - step + 1), best.features) if n not in tried]
    go(fine, "fine", len(coarse) + len(fine))
    if not fine:
        watch(len(curve), len(curve))
    candidates = [point for point in curve if point.phase == "fine"] + [best]
    chosen = max(candidates, key=lambda point: (point.score, -point.features))
    return Search(tuple(curve), chosen.features, chosen.score)


def score_of(scores: NDArray[np.float64], labels: Numbers, metric: str) -> float:
    """Measure scores.

    Args:
        scores: Shape (N, classes).
        labels: Shape (N,).
        metric: As `FeaturePlan.metric`. Means over classes are over those that occur.

    Raises:
        TrainingError: If an area is asked for and all labels are alike.
    """
    right = scores.argmax(axis=1) == labels
    occurring = np.unique(labels)
    if metric == "accuracy":
        return float(right.mean())
    if metric == "balanced_accuracy":
        return float(np.mean([right[labels == one].mean() for one in occurring]))
    areas = [auc(labels == one, scores[:, one]) for one in occurring]
    known = [area for area in areas if area is not None]
    if not known:
        msg = (
            "all validation images are of one class, so no area under a curve can be taken; "
            "split anew, or set metric = 'accuracy'"
        )
        raise TrainingError(msg)
    return float(np.mean(known))
