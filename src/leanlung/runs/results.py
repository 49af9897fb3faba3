"""Results: what a run left on disk, read back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from leanlung.runs.candidates import load_candidate
from leanlung.runs.folder import CANDIDATE, CHOICE, EVALUATION, STEP
from leanlung.studies.seal import read_openings

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.folder import RunFolder


def results_of(folder: RunFolder) -> dict[str, Any]:
    """Read the metrics of a finished run."""
    return _read(folder.metrics)


def summary_of(folder: RunFolder) -> dict[str, Any]:
    """Read what a run did so far, finished or not.

    Returns:
        ``data``, ``openings`` and, for every seed, its ``candidates``, the ``metric`` they are
        chosen by, what was ``chosen``, the ``comparison`` and its verdict's ``sentence``; the
        last three are None until they are there.
    """
    recipe = _read(folder.resolved)
    seeds = {}
    for seed in recipe["seeds"]:
        here = folder.seed(seed)
        choice = _done(here.choose, CHOICE)
        measured = _done(here.evaluate, EVALUATION)
        seeds[str(seed)] = {
            "metric": recipe["choose"]["metric"],
            "candidates": [
                {"name": one.name, **one.as_dict()}
                for one in map(load_candidate, _candidate_folders(folder, recipe, seed))
            ],
            "chosen": choice.get("chosen"),
            "comparison": measured.get("comparison"),
            "sentence": measured.get("sentence"),
        }
    return {
        "run": str(folder.path),
        "data": _read(folder.data),
        "openings": list(read_openings(folder.openings)),
        "seeds": seeds,
    }


def _candidate_folders(folder: RunFolder, recipe: dict[str, Any], seed: int) -> list[Path]:
    here, backbone = folder.seed(seed), recipe["network"]["backbone"]
    rounds = range(1, recipe["prune"]["rounds"] + 1)
    every = [here.fit(backbone), *(here.round(backbone, number) for number in rounds)]
    return [path for path in every if (path / CANDIDATE).is_file()]


def _done(step: Path, name: str) -> dict[str, Any]:
    """Read what a step left; nothing unless it is done."""
    return _read(step / name) if (step / STEP).is_file() else {}


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))
