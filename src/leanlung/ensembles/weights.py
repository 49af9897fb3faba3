"""Weights: how much each member of an ensemble counts, chosen on validation and only there.

The published weights, 0.5, 0.3 and 0.2, were given by accuracy on the test part; here ranks
come from validation too. Weights lie on the simplex: none below 0, together one.
"""

from __future__ import annotations

import math
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import numpy as np

from leanlung.ensembles.combiners import Weighted
from leanlung.ensembles.combining import weighted
from leanlung.ensembles.members import (
    LEAST,
    aligned,
    log_likelihood,
    require_validation,
    stacked,
)
from leanlung.foundations.errors import StatisticsError, UsageError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.statistics.metrics import find_metric, metric_names, points
from leanlung.statistics.predictions import Predictions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

PUBLISHED = (0.5, 0.3, 0.2)
"""Of the best, the second and the third (Rajaraman et al. 2020, III)."""

USUAL = "macro_auc"
"""Log-loss has one least value but likes one sure member better than several that err apart:
their mean is less sure than it is right, which a temperature would mend."""

LOG_LOSS, BY_RANK = "log_loss", "published"

_RIDGE = 1e-6
"""Times the squared length of the weights: of equally good ones the more equal are found."""

_STEPS = 20
_POINTS = 2000
_ALIKE = 1e-12
_STATIONARY = 1e-12
_NOTHING = 1e-9


def choose_weights(members: Sequence[Predictions], by: str = USUAL) -> Weighted:
    """Choose weights.

    Args:
        members: Predictions of every member on the same validation studies.
        by: A metric such as ``macro_auc`` (see `metric_weights`), ``log_loss``
            (`log_loss_weights`), or ``published`` (`published_weights`).

    Raises:
        UsageError: If there is no such way, or ``published`` is asked of another number of
            members than three.
        DataRefused: If these are predictions of a test part, or of the members' own training
            images.
        StatisticsError: If the members cannot be aligned.
    """
    require_way(by, members[0].classes)
    if by == LOG_LOSS:
        return log_loss_weights(members)
    if by == BY_RANK:
        return published_weights(members)
    return metric_weights(members, by)


def require_way(by: str, classes: Sequence[str]) -> None:
    """Refuse a way to choose weights that there is not.

    Args:
        by: As for `choose_weights`.
        classes: Of the members.

    Raises:
        UsageError: With the nearest there is.
    """
    names = (LOG_LOSS, BY_RANK, *metric_names(classes))
    if by not in names:
        msg = (
            f"no way {by!r} to choose weights{did_you_mean(by, names)}; there are "
            f"{', '.join(names)}"
        )
        raise UsageError(msg)


def log_loss_weights(members: Sequence[Predictions]) -> Weighted:
    """Choose the weights of least log-loss.

    The log-loss of a weighted mean is convex in the weights, so that there is one least value
    and no choice of a start. It counts how sure answers are, not only whether they are right:
    a member that is surer than the others gets more than its ranks are worth. Where several
    weights reach the least value, as where two members say the same, the most equal of them are
    taken: 1e-6 of their squared length is added to the loss.

    Args:
        members: As for `choose_weights`; probabilities below 1e-12 count as that.

    Returns:
        Weights whose loss, in nats, is within 1e-5 of the least; below 1e-9 they are 0.
    """
    members = _validated(members)
    rows = np.arange(len(members[0]))
    right = np.maximum(stacked(members)[:, rows, members[0].labels], LEAST)
    return Weighted(tuple(_least(right).tolist()), LOG_LOSS)


def metric_weights(
    members: Sequence[Predictions], metric: str, steps: int = _STEPS
) -> Weighted:
    """Choose the weights of the highest metric, on a grid over the simplex.

    Args:
        members: As for `choose_weights`.
        metric: One of ``leanlung list metrics`` that needs no threshold.
        steps: Weights are multiples of 1 / steps, or of a coarser grid where that would have
            more than 2000 points; equal weights are tried too.

    Returns:
        The best weights; of equally good ones the most equal (the least sum of squares), of
        these the one that gives earlier members more.

    Raises:
        StatisticsError: If the metric is unknown, or undefined on these studies.
    """
    members = _validated(members)
    first, probabilities = members[0], stacked(members)
    wanted = find_metric(metric, first.classes)
    best: tuple[float, float, tuple[float, ...]] | None = None
    for weights in _simplex(len(members), steps):
        answers = weighted(probabilities, weights)
        [value] = points([wanted], _answered(first, answers))
        square = math.fsum(one * one for one in weights)
        better = best is None or value > best[0] + _ALIKE
        if not better and best is not None and value >= best[0] - _ALIKE:
            better = square < best[1] - _ALIKE
        if better and not math.isnan(value):
            best = (value, square, weights)
    if best is None:
        msg = (
            f"{metric} is undefined on these {len(first)} studies: it takes "
            f"{wanted.family.needs}; choose weights by log_loss, or give more studies"
        )
        raise StatisticsError(msg)
    return Weighted(best[2], metric)


def published_weights(members: Sequence[Predictions]) -> Weighted:
    """Give 0.5, 0.3 and 0.2 to three members by their accuracy on validation.

    Equally accurate members are ranked by log-loss, and where that is equal by their order.

    Args:
        members: Three, as for `choose_weights`.

    Raises:
        UsageError: If there are not three.

    Source: Rajaraman et al. 2020, III, where accuracy on the test part gave the ranks.
    """
    if len(members) != len(PUBLISHED):
        msg = (
            f"the published weights {list(PUBLISHED)} are of three members; there are "
            f"{len(members)}: choose weights by log_loss, or give numbers"
        )
        raise UsageError(msg)
    members = _validated(members)

    def rank(place: int) -> tuple[float, float]:
        one = members[place]
        accuracy = float((one.predicted == one.labels).mean())
        return -accuracy, -log_likelihood(one.labels, one.probabilities)

    weights = dict(zip(sorted(range(len(members)), key=rank), PUBLISHED, strict=True))
    return Weighted(tuple(weights[place] for place in range(len(members))), BY_RANK)


def _validated(members: Sequence[Predictions]) -> tuple[Predictions, ...]:
    require_validation(members, "weights")
    return aligned(members)


def _answered(first: Predictions, probabilities: NDArray[np.float64]) -> Predictions:
    return Predictions(
        first.model,
        first.classes,
        first.study_ids,
        first.patient_ids,
        first.labels,
        probabilities,
    )


def _least(right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Minimise minus the mean log of ``weights @ right``, and a little ridge, on the simplex.

    Args:
        right: Shape (M, n): what every member gives to the true class, above 0.
    """
    from scipy.optimize import minimize  # so that a vote needs no SciPy

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total = np.maximum(weights @ right, LEAST)
        value = _RIDGE * weights @ weights - np.log(total).mean()
        return float(value), 2.0 * _RIDGE * weights - (right / total).mean(axis=1)

    count = len(right)
    found = minimize(
        loss,
        np.full(count, 1.0 / count),
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * count,
        constraints={
            "type": "eq",
            "fun": lambda weights: weights.sum() - 1.0,
            "jac": lambda weights: np.ones(len(weights)),
        },
        options={"ftol": _STATIONARY, "maxiter": 1000},
    )
    weights = np.where(found.x > _NOTHING, found.x, 0.0)
    even: NDArray[np.float64] = weights / weights.sum()
    return even


def _simplex(count: int, steps: int) -> Iterator[tuple[float, ...]]:
    """Give equal weights, then the points of a grid over the simplex, earlier members first."""
    while steps > 1 and math.comb(steps + count - 1, count - 1) > _POINTS:
        steps -= 1
    yield (1.0 / count,) * count
    places = range(steps + count - 1)
    # Bars between stars: the stars between two bars are the weight of a member.
    for bars in combinations(reversed(places), count - 1):
        ends = [len(places), *bars, -1]
        stars = [high - low - 1 for high, low in pairwise(ends)]
        yield tuple(one / steps for one in reversed(stars))
