"""Pooling: the test parts of all folds, each answered by its own fold's networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.foundations.errors import UsageError
from leanlung.runs.folder import CHOICE, open_run
from leanlung.runs.records import read_record
from leanlung.statistics import Predictions, pooled, read_predictions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def pooled_folds(
    runs: Sequence[Path], seed: int | None = None
) -> tuple[Predictions, Predictions]:
    """Join what the networks of all folds said of the patients that they had not seen.

    Args:
        runs: Folders of finished runs of one recipe, one for each ``split.fold``.
        seed: Of the runs; their first one if not given.

    Returns:
        Predictions of the whole networks, called ``unpruned``, and of those that each fold has
        chosen, called ``chosen``, of the same studies in the same order: every patient once.
        Where a fold chose to keep the whole network, its answers stand in both.

    Raises:
        UsageError: If a folder holds no run, or the runs are not all folds of one recipe.
        RunError: If a run is not finished, or damaged.
        RepeatedStudies: If a study or a patient is in two of them: their data differ.
    """
    recipes = [read_record(open_run(run).resolved, {"split": dict}) for run in runs]
    order = _in_order(runs, recipes)
    found: dict[str, list[Predictions]] = {"unpruned": [], "chosen": []}
    for place in order:
        own = int(recipes[place]["seeds"][0]) if seed is None else seed
        here = open_run(runs[place]).seed(own)
        name = read_record(here.choose / CHOICE, {"chosen": str})["chosen"]
        for what, model in (("unpruned", "unpruned"), ("chosen", name)):
            path = here.evaluate / f"predictions-{model}-test.csv"
            found[what].append(read_predictions(path, model=what))
    return pooled(found["unpruned"]), pooled(found["chosen"])


def _in_order(runs: Sequence[Path], recipes: Sequence[dict[str, Any]]) -> list[int]:
    """Give the places of the runs by their fold, if they are all folds of one recipe."""
    folds = [int(recipe["split"].get("fold", 0)) for recipe in recipes]
    wanted = int(recipes[0]["split"].get("folds", 0)) if recipes else 0
    if not wanted or sorted(folds) != list(range(wanted)):
        msg = (
            f"runs of the folds {sorted(folds)} of {wanted}; one run of each fold, from 0, was "
            "expected (leanlung run RECIPE --set split.folds=5 --set split.fold=0, and so on)"
        )
        raise UsageError(msg)
    for run, recipe in zip(runs, recipes, strict=True):
        if _without_fold(recipe) != _without_fold(recipes[0]):
            msg = (
                f"{run}: its recipe differs from that of {runs[0]} in more than split.fold; "
                "folds of one recipe were expected"
            )
            raise UsageError(msg)
    return sorted(range(len(runs)), key=folds.__getitem__)


def _without_fold(recipe: dict[str, Any]) -> dict[str, Any]:
    split = {name: value for name, value in recipe["split"].items() if name != "fold"}
    return {**recipe, "split": split}
