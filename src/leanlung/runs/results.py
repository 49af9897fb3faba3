"""Results: what a run left on disk, read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.runs.candidates import candidate_as_dict, load_candidate
from leanlung.runs.folder import CANDIDATE, CHOICE, EVALUATION, FEATURES, STEP
from leanlung.runs.records import damaged, read_record, require_keys, require_seeds
from leanlung.studies.seal import read_openings, unreadable_lines

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.folder import RunFolder, SeedFolder


_RECIPE: dict[str, type] = {
    "seeds": list,
    "choose.metric": str,
    "network.backbone": str,
    "prune.rounds": int,
}
_DATA: dict[str, type] = {"studies": int, "patients": int, "made_up": bool}


def results_of(folder: RunFolder) -> dict[str, Any]:
    """Read the metrics of a finished run.

    Raises:
        RunError: If they are damaged: every seed has a choice.
    """
    found = read_record(folder.metrics, {"seeds": dict})
    require_seeds(folder.metrics, found["seeds"])
    needed: dict[str, type] = {f"seeds.{seed}.chosen": str for seed in found["seeds"]}
    require_keys(folder.metrics, found, needed)
    return found


def features_of(here: SeedFolder, backbone: str) -> dict[str, Any]:
    """Read how the features of a seed were chosen, without the ranking of each.

    Raises:
        RunError: If the file is damaged.
    """
    path = here.round(backbone, 2) / FEATURES
    needed = {"constants": dict, "counts": dict, "search": list, "chosen": int}
    found = read_record(path, needed)
    found.pop("ranking", None)  # thousands of figures
    return found


def summary_of(folder: RunFolder) -> dict[str, Any]:
    """Read what a run did so far, finished or not.

    Returns:
        ``data``, ``openings``, ``openings_unreadable`` (lines of their book that may stand for
        one each) and, for every seed, its ``candidates``, the ``metric`` they are chosen by,
        what was ``chosen``, the ``comparison`` and its verdict's ``sentence``; the last three
        are None until they are there, as are the ``features`` of a recipe that chooses some.

    Raises:
        RunError: If one of the run's files is damaged.
    """
    recipe = read_record(folder.resolved, _RECIPE)
    require_seeds(folder.resolved, recipe["seeds"])
    metric = recipe["choose"]["metric"]
    seeds = {}
    for seed in recipe["seeds"]:
        here = folder.seed(seed)
        choice = _done(here.choose, CHOICE)
        measured = _done(here.evaluate, EVALUATION)
        seeds[str(seed)] = {
            "metric": metric,
            "candidates": [
                _told(path, metric) for path in _candidate_folders(folder, recipe, seed)
            ],
            "chosen": choice.get("chosen"),
            "comparison": measured.get("comparison"),
            "sentence": measured.get("sentence"),
            **({"features": _features(here, recipe)} if recipe.get("features") else {}),
        }
    return {
        "run": str(folder.path),
        "data": read_record(folder.data, _DATA),
        "openings": list(read_openings(folder.openings)),
        "openings_unreadable": list(unreadable_lines(folder.openings)),
        "seeds": seeds,
    }


def _features(here: SeedFolder, recipe: dict[str, Any]) -> dict[str, Any] | None:
    """Read how features were chosen; None until they are."""
    backbone = recipe["network"]["backbone"]
    done = (here.round(backbone, 2) / STEP).is_file()
    return features_of(here, backbone) if done else None


def _told(folder: Path, metric: str) -> dict[str, Any]:
    candidate = load_candidate(folder)
    if metric not in candidate.validation:
        raise damaged(folder / CANDIDATE, f"validation.{metric} is missing")
    return {"name": candidate.name, **candidate_as_dict(folder)}


def _candidate_folders(folder: RunFolder, recipe: dict[str, Any], seed: int) -> list[Path]:
    here, backbone = folder.seed(seed), recipe["network"]["backbone"]
    last = 1 if recipe.get("mask") else recipe["prune"]["rounds"]
    last = 2 if recipe.get("features") else last
    rounds = range(1, last + 1)
    every = [here.fit(backbone), *(here.round(backbone, number) for number in rounds)]
    return [path for path in every if (path / CANDIDATE).is_file()]


def _done(step: Path, name: str) -> dict[str, Any]:
    """Read what a step left; nothing unless it is done."""
    return read_record(step / name) if (step / STEP).is_file() else {}
