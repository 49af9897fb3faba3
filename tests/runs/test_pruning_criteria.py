"""A recipe prunes by criteria of every kind, and a random one by its own seed."""

import json
from pathlib import Path

import pytest

from leanlung.runs import Options, run

CHANGES = ["prune.rounds=1", "prune.retrain.epochs=1", "train.epochs=1"]


def kept(films: Path, recipe: Path, *changes: str) -> dict[str, list[int]]:
    options = Options(
        data=films, out=recipe.parent / "runs", device="cpu", until="prune",
        changes=[*CHANGES, *changes],
    )  # fmt: skip
    folder = run(recipe, options).seed(0).round("separable_cnn", 1)
    return json.loads((folder / "lineage.json").read_text(encoding="utf-8"))["kept"]


@pytest.mark.parametrize("criterion", ["variance", "l2", "batchnorm_scale", "taylor"])
def test_another_criterion_leaves_other_units(
    films: Path, recipe_file: Path, criterion: str
) -> None:
    by_apoz = kept(films, recipe_file)
    found = kept(films, recipe_file, f"prune.criterion={criterion}")
    assert {layer: len(units) for layer, units in found.items()} == {
        layer: len(units) for layer, units in by_apoz.items()
    }
    assert found != by_apoz


def test_a_random_order_is_drawn_from_the_seed_of_the_run(
    films: Path, recipe_file: Path
) -> None:
    random = ["prune.criterion=random", "train.optimiser.rate=0.001"]
    first = kept(films, recipe_file, *random)
    assert kept(films, recipe_file, "prune.criterion=random") == first
    assert kept(films, recipe_file, *random, "prune.criterion=l1") != first
