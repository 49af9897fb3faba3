"""The opening: every way chosen and fitted, the test part is opened for all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.files import write_json
from leanlung.foundations.tables import write_table
from leanlung.networks import size_of
from leanlung.runs.candidates import load_network
from leanlung.runs.work import image_set
from leanlung.statistics import measure, write_predictions

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.work import Work

COLUMNS = (
    "way",
    "seed",
    "round",
    "parameters",
    "macs",
    "validation_macro_auc",
    "test_macro_auc",
    "test_accuracy",
)


def open_once(works: list[Work], winner: str) -> Path:
    """Predict the test part with every network there is, and write one row each.

    Args:
        works: One a seed, all on the same split.
        winner: The way that the validation part has chosen; written down before the opening.
    """
    first = works[0]
    candidates = [(w, *found) for w in works for found in _networks(w)]
    choice = first.folder.path / "choice.json"
    networks = [f"seed-{w.seed}/{way}/{number}" for w, way, number, _ in candidates]
    write_json(choice, {"chosen": winner, "networks": networks})
    test = first.split.test.open(chosen=choice)
    images = image_set(first.gathered, test)
    rows = []
    for work, way, number, folder in candidates:
        network = load_network(folder)
        found = work.predictions(way, network, test, images)
        write_predictions(folder / "predictions-test.csv", found)
        auc, accuracy = measure(found, metrics=["macro_auc", "accuracy"], resamples=100)
        size = size_of(network, work.recipe.pixels.size, work.recipe.network.channels)
        values = (
            way,
            work.seed,
            number,
            size.stored,
            size.macs,
            work.validate(network)["macro_auc"],
            auc.value,
            accuracy.value,
        )
        rows.append(dict(zip(COLUMNS, values, strict=True)))
        print(rows[-1], flush=True)
    path = first.folder.path / "results.csv"
    write_table(path, list(COLUMNS), rows)
    return path


def _networks(work: Work) -> list[tuple[str, int, Path]]:
    """Give way, round and folder of every network of a seed; the whole one is round 0."""
    here = work.folder.path / f"seed-{work.seed}"
    found = [("unpruned", 0, work.here.fit(work.recipe.network.backbone))]
    for done in sorted(here.glob("*/round-*/done")):
        folder = done.parent
        found.append((folder.parent.name, int(folder.name.removeprefix("round-")), folder))
    return found


def mean_and_spread(values: list[float]) -> tuple[float, float]:
    """Give the mean over seeds and their standard deviation."""
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
