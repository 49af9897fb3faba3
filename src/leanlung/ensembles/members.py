"""Members: the predictions of several models, brought over the same studies and classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import DataRefused, StatisticsError, UsageError
from leanlung.statistics.metrics import find_metric, points
from leanlung.statistics.pairing import paired
from leanlung.statistics.shared_classes import over_classes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from leanlung.statistics import Predictions

LEAST = 1e-12
"""Probabilities below it count as this, so that one sure error does not outweigh all else."""


def aligned(
    members: Sequence[Predictions], classes: tuple[str, ...] | None = None
) -> tuple[Predictions, ...]:
    """Bring predictions into one order of studies and of classes.

    Args:
        members: Of the same studies of the same patients under the same labels, over the same
            classes, each in any order.
        classes: In the order that is wanted; that of the first member if not given.

    Returns:
        The members, in the order of studies of the first.

    Raises:
        UsageError: If there are fewer than two.
        StatisticsError: If studies, classes, labels or patients differ; the first few that do
            are named.
    """
    if len(members) < 2:
        msg = f"an ensemble of {len(members)} members; two or more are expected"
        raise UsageError(msg)
    first = members[0]
    if classes is not None and set(classes) != set(first.classes):
        msg = (
            f"{first.model}: its classes are {list(first.classes)}; the ensemble's are "
            f"{list(classes)}, and the same names are expected, in any order"
        )
        raise StatisticsError(msg)
    first = over_classes(first, classes or first.classes)
    return (first, *(paired(first, other)[1] for other in members[1:]))


def stacked(members: Sequence[Predictions]) -> NDArray[np.float64]:
    """Give the probabilities of aligned members as one array, (members, studies, classes)."""
    return np.stack([one.probabilities for one in members])


def require_validation(members: Sequence[Predictions], what: str) -> None:
    """Refuse to choose anything on a test part, or on what the members were trained on.

    Args:
        members: That are about to be looked at.
        what: Is to be chosen on them, such as ``weights``.

    Raises:
        DataRefused: If they say that they are of such a part.
    """
    for one in members:
        if one.part == "test":
            msg = (
                f"{one.model}: these are predictions of a test part; {what} are chosen on "
                "validation, or what is then measured with them is too good to be true"
            )
            raise DataRefused(msg)
        if one.part == "train":
            msg = (
                f"{one.model}: these are predictions of the images that the member was trained "
                f"on, of which it is surer than of any other; {what} are chosen on validation"
            )
            raise DataRefused(msg)


def require_apart(chosen_on: Predictions, combined: Predictions) -> None:
    """Refuse to answer studies or patients that something was chosen on.

    Args:
        chosen_on: Of the validation part.
        combined: Of the studies that are to be answered.

    Raises:
        DataRefused: If they share a study or a patient; the first is named.
    """
    if shared := shared_between(chosen_on, combined):
        msg = (
            f"{shared} both in {chosen_on.model}, on which the ensemble is chosen, and in "
            f"{combined.model}, which it is to answer; give validation tables of other "
            "patients, or what is then measured is too good to be true"
        )
        raise DataRefused(msg)


def shared_between(one: Predictions, other: Predictions) -> str:
    """Say which studies or patients two sets of predictions share.

    Returns:
        Such as ``study 'f1' and 3 more are``; empty if they share none.
    """
    for kind, ids, others in (
        ("study", one.study_ids, other.study_ids),
        ("patient", one.patient_ids, other.patient_ids),
    ):
        if shared := sorted(set(ids) & set(others)):
            more = f" and {len(shared) - 1} more are" if len(shared) > 1 else " is"
            return f"{kind} {shared[0]!r}{more}"
    return ""


def log_likelihood(labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> float:
    """Give the mean log probability of the true class, in nats, at most 0.

    Args:
        labels: Shape (n,).
        probabilities: Shape (n, K); below `LEAST` they count as that.
    """
    right = probabilities[np.arange(len(labels)), labels]
    return float(np.log(np.maximum(right, LEAST)).mean())


def figures(predictions: Predictions) -> dict[str, float | None]:
    """Measure predictions, without intervals, to set members and ensemble side by side.

    Returns:
        ``accuracy``, ``balanced_accuracy``, ``macro_auc`` and ``log_likelihood``; higher is
        better for each; None where undefined.
    """
    names = ("accuracy", "balanced_accuracy", "macro_auc")
    found = points([find_metric(name, predictions.classes) for name in names], predictions)
    told = {
        name: None if np.isnan(value) else value
        for name, value in zip(names, found, strict=True)
    }
    return told | {
        "log_likelihood": log_likelihood(predictions.labels, predictions.probabilities)
    }
