"""Results: what a run left on disk, read back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from leanlung.runs.candidates import load_candidate
from leanlung.runs.folder import CANDIDATE
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
        chosen by, what was ``chosen`` and the verdict's ``sentence``; the last two are None
        until they are there.
    """
    recipe = _read(folder.resolved)
    results = _read(folder.metrics) if folder.metrics.is_file() else {"seeds": {}}
    seeds = {}
    for seed in recipe["seeds"]:
        done = results["seeds"].get(str(seed), {})
        seeds[str(seed)] = {
            "metric": recipe["choose"]["metric"],
            "candidates": [
                {"name": one.name, **one.as_dict()}
                for one in map(load_candidate, _candidate_folders(folder, recipe, seed))
            ],
            "chosen": done.get("chosen"),
            "comparison": done.get("comparison"),
            "sentence": done.get("sentence"),
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


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))
