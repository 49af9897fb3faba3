"""Retraining may listen to the unpruned network; the first fit has nobody to listen to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file

from leanlung.foundations.errors import RecipeError
from leanlung.runs import Options, read_recipe, run

if TYPE_CHECKING:
    from pathlib import Path


def pruned(films: Path, recipe: Path, *changes: str) -> dict[str, torch.Tensor]:
    options = Options(
        data=films, out=recipe.parent / "runs", device="cpu", until="prune",
        changes=["prune.rounds=1", "train.epochs=1", *changes],
    )  # fmt: skip
    folder = run(recipe, options).seed(0).round("separable_cnn", 1)
    return load_file(folder / "network.safetensors")


def test_a_round_listens_to_the_unpruned_network(films: Path, recipe_file: Path) -> None:
    alone = pruned(films, recipe_file)
    taught = pruned(films, recipe_file, "prune.retrain.distil.weight=0.9")
    assert {name: one.shape for name, one in alone.items()} == {
        name: one.shape for name, one in taught.items()
    }
    assert any(not torch.equal(alone[name], taught[name]) for name in alone)


def test_the_first_fit_has_no_teacher(recipe_file: Path) -> None:
    with pytest.raises(RecipeError, match=r"train\.distil: there is no teacher yet"):
        read_recipe(recipe_file, ["train.distil.weight=0.5"])


def test_every_head_can_be_asked_for(recipe_file: Path) -> None:
    changes = ["network.backbone=vgg16", "network.head=fully_connected", "pixels.size=224"]
    assert read_recipe(recipe_file, changes).network.head == "fully_connected"
