"""Pairing: two sets of predictions brought over the same studies, or a reason why not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import StatisticsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leanlung.statistics.predictions import Predictions

_SHOWN = 5


def paired(first: Predictions, second: Predictions) -> tuple[Predictions, Predictions]:
    """Bring two sets of predictions into the same order of studies and of classes.

    Args:
        first: Sets the order.
        second: The same studies of the same patients under the same labels, in any order,
            over the same classes, in any order.

    Returns:
        ``first`` as it is, and ``second`` re-ordered to it.

    Raises:
        StatisticsError: If studies, classes, labels or patients differ; the first few that
            do are named.
    """
    where = f"{first.model} and {second.model} cannot be paired"
    if set(first.classes) != set(second.classes):
        msg = (
            f"{where}: their classes are {list(first.classes)} and {list(second.classes)}; the "
            "same names are expected, in any order"
        )
        raise StatisticsError(msg)
    if first.study_ids != second.study_ids:
        second = _reordered(where, first, second)
    second = _with_classes(second, first.classes)
    _require_equal(where, first, "label", first.labels == second.labels)
    same = [
        one == other for one, other in zip(first.patient_ids, second.patient_ids, strict=True)
    ]
    _require_equal(where, first, "patient", same)
    return first, second


def _reordered(where: str, first: Predictions, second: Predictions) -> Predictions:
    row_of = {name: row for row, name in enumerate(second.study_ids)}
    known = set(first.study_ids)
    missing = [name for name in first.study_ids if name not in row_of]
    extra = [name for name in second.study_ids if name not in known]
    if missing or extra:
        msg = (
            f"{where}: {_listed(missing)} only in {first.model}, {_listed(extra)} only in "
            f"{second.model}; both are expected to answer the same studies"
        )
        raise StatisticsError(msg)
    return second.rows(np.array([row_of[name] for name in first.study_ids]))


def _with_classes(predictions: Predictions, classes: tuple[str, ...]) -> Predictions:
    if predictions.classes == classes:
        return predictions
    old_position = [predictions.classes.index(name) for name in classes]
    new_position = np.array([classes.index(name) for name in predictions.classes])
    return replace(
        predictions,
        classes=classes,
        labels=new_position[predictions.labels],
        probabilities=predictions.probabilities[:, old_position],
    )


def _require_equal(where: str, first: Predictions, what: str, same: Iterable[bool]) -> None:
    differing = [name for name, equal in zip(first.study_ids, same, strict=True) if not equal]
    if differing:
        msg = f"{where}: the {what} differs for {_listed(differing)}; one of the two is wrong"
        raise StatisticsError(msg)


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:_SHOWN])
    more = ", …" if len(names) > _SHOWN else ""
    return f"{len(names)} studies ({shown}{more})" if names else "no study"
