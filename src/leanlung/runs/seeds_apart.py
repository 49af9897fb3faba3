"""Seeds apart: what pruning does to single studies, where a run has several seeds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from leanlung.runs.folder import CHOICE
from leanlung.statistics import read_predictions
from leanlung.statistics.exemplars import exemplars

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from leanlung.runs.folder import SeedFolder
    from leanlung.statistics import Predictions


def exemplars_of(seeds: Sequence[SeedFolder]) -> dict[str, Any] | None:
    """Find the exemplars of pruning from the test predictions on disk.

    Args:
        seeds: Folders of all seeds, each evaluated.

    Returns:
        As JSON; None for a single seed, or where every seed kept its whole network.
    """
    chosen = [
        json.loads((here.choose / CHOICE).read_text(encoding="utf-8"))["chosen"]
        for here in seeds
    ]
    if len(seeds) < 2 or set(chosen) == {"unpruned"}:
        return None
    unpruned = [_test(here.evaluate, "unpruned") for here in seeds]
    pruned = [_test(here.evaluate, name) for here, name in zip(seeds, chosen, strict=True)]
    return exemplars(unpruned, pruned).as_dict()


def _test(evaluate: Path, name: str) -> Predictions:
    return read_predictions(evaluate / f"predictions-{name}-test.csv", model=name)
