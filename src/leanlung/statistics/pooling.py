"""Pooling: the predictions of several folds as those of one set of studies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics.predictions import Predictions, RepeatedStudies

if TYPE_CHECKING:
    from collections.abc import Sequence


def pooled(parts: Sequence[Predictions], model: str = "") -> Predictions:
    """Join the predictions of folds that share nobody.

    Intervals over patients follow as for any predictions. They are of the answers as given:
    how far networks fitted on other patients would answer otherwise is not in them, and as
    training parts overlap, folds are no independent repetitions. Ranks, and with them an AUC,
    compare answers of different networks, which need not mean the same by a probability.

    Args:
        parts: Of each fold, in this order.
        model: Name of what comes of it; if not given, the one that all of them have.

    Returns:
        All studies, those of the first fold first.

    Raises:
        StatisticsError: If there are none, or their classes differ, or they have several names
            and none is given.
        RepeatedStudies: If a study or a patient is in two of them.
    """
    if not parts:
        msg = "no predictions to pool; those of two folds or more were expected"
        raise StatisticsError(msg)
    first = parts[0]
    for one in parts:
        if one.classes != first.classes:
            msg = (
                f"{one.model}: classes {one.classes}; those of the first fold, "
                f"{first.classes}, were expected, in that order"
            )
            raise StatisticsError(msg)
    names = list(dict.fromkeys(one.model for one in parts))
    if len(names) > 1 and not model:
        msg = f"predictions of {names}; give the pooled ones a name (model)"
        raise StatisticsError(msg)
    _require_apart(parts)
    kinds = {one.part for one in parts}
    return Predictions(
        model or first.model,
        first.classes,
        tuple(name for one in parts for name in one.study_ids),
        tuple(name for one in parts for name in one.patient_ids),
        np.concatenate([one.labels for one in parts]),
        np.concatenate([one.probabilities for one in parts]),
        kinds.pop() if len(kinds) == 1 else None,
    )


def _require_apart(parts: Sequence[Predictions]) -> None:
    for kind in ("study", "patient"):
        seen: dict[str, int] = {}
        for place, one in enumerate(parts):
            for name in dict.fromkeys(getattr(one, f"{kind}_ids")):
                if name in seen:
                    msg = (
                        f"{kind} {name!r} is in the predictions {seen[name]} and {place} of "
                        f"{len(parts)}, counted from 0; folds share nobody: give the test "
                        "parts of one split's folds, each once"
                    )
                    raise RepeatedStudies(msg)
                seen[name] = place
