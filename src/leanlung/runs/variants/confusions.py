"""Confusions: answers by true class, of both networks, on the test and the training part."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.runs.folder import EVALUATION, TRAINING
from leanlung.runs.records import read_record
from leanlung.statistics import confusion_matrix, read_predictions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leanlung.runs.folder import SeedFolder

TEST, LEARNT = "test", "training"
FIGURES = "training_figures"


def confusions_of(here: SeedFolder, name: str) -> dict[str, Any]:
    """Count what a network answered, and tell what it reaches on what it has learnt from.

    Args:
        here: A seed whose test part was opened.
        name: Of the network, ``unpruned`` or ``round-07``.

    Returns:
        ``confusion`` with counts of studies, by true and by answered class, of ``test`` and, if
        the recipe asks with ``evaluate.training``, of ``training``; and ``training_figures`` by
        metric, empty if it does not.
    """
    counts = {TEST: _counts(here, f"predictions-{name}-test.csv")}
    found = read_record(here.evaluate / EVALUATION)["models"][name].get("training", ())
    if found:
        counts[LEARNT] = _counts(here, TRAINING.format(name=name))
    return {"confusion": counts, FIGURES: {one["name"]: one["value"] for one in found}}


def _counts(here: SeedFolder, file: str) -> list[list[int]]:
    told = read_predictions(here.evaluate / file)
    matrix = confusion_matrix(told.labels, told.predicted, len(told.classes))
    return [[int(one) for one in row] for row in matrix]


def together(folds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Put the folds of a seed together: counts are summed, training figures are means.

    A study is tested in one fold and learnt from in the others, so that counts of the training
    part are of several networks.
    """
    parts = folds[0]["confusion"]
    counts = {
        part: np.sum([one["confusion"][part] for one in folds], axis=0).tolist()
        for part in parts
    }
    figures = {name: _mean([one[FIGURES][name] for one in folds]) for name in folds[0][FIGURES]}
    return {"confusion": counts, FIGURES: figures}


def _mean(values: Sequence[float | None]) -> float | None:
    known = [one for one in values if one is not None]
    return fmean(known) if known and len(known) == len(values) else None
