"""Units leave while a network is trained from the beginning, beside one trained whole."""

import json
from pathlib import Path

import pytest
import torch

from leanlung.runs import Options, read_recipe, run
from leanlung.runs.candidates import load_network
from leanlung.runs.prune import PruneSection

CHANGES = (
    "prune.from=fresh", "prune.rounds=2", "prune.retrain.epochs=1", "prune.recalibrate=0",
    "train.epochs=1",
)  # fmt: skip


def test_the_first_round_takes_units_from_a_network_with_the_same_first_weights(
    tmp_path: Path, small_films: Path
) -> None:
    """With one plan for both, the fresh network is the whole one's twin, to the last bit."""
    same = "prune.retrain.optimiser.rate=0.01"
    options = Options(
        data=small_films / "data", out=tmp_path, device="cpu", until="choose",
        changes=(*CHANGES, same),
    )  # fmt: skip
    here = run(small_films / "small.toml", options).seed(0)
    whole, fresh = (
        load_network(folder).state_dict()
        for folder in (here.fit("separable_cnn"), here.round("separable_cnn", 0))
    )
    assert all(torch.equal(whole[name], fresh[name]) for name in whole)
    choice = json.loads((here.choose / "choice.json").read_text())
    assert [one["round"] for one in choice["candidates"]] == [0, 1, 2]
    stored = [one["size"]["stored"] for one in choice["candidates"]]
    assert stored[0] > stored[1] > stored[2]


def test_it_is_another_network_than_the_fitted_one(tmp_path: Path, small_films: Path) -> None:
    options = Options(
        data=small_films / "data", out=tmp_path, device="cpu", until="prune",
        changes=(*CHANGES, "prune.rounds=1", "train.epochs=2"),
    )  # fmt: skip
    here = run(small_films / "small.toml", options).seed(0)
    whole, fresh = (
        load_network(folder).state_dict()
        for folder in (here.fit("separable_cnn"), here.round("separable_cnn", 0))
    )
    assert not any(torch.equal(whole[n], fresh[n]) for n in whole if n.endswith("0.weight"))


def test_what_is_as_before_is_written_as_before(recipe_file: Path) -> None:
    assert not {"start", "from"} & read_recipe(recipe_file).model_dump()["prune"].keys()
    fresh = read_recipe(recipe_file, ["prune.from=fresh"]).prune
    assert PruneSection.model_validate(fresh.model_dump(mode="json")) == fresh


def test_features_are_balanced_in_the_first_fit_alone(recipe_file: Path) -> None:
    change = ["prune.retrain.balance=smote_features", "prune.retrain.class_weights=none"]
    with pytest.raises(ValueError, match=r"retrain\.balance: 'smote_features' is of the"):
        read_recipe(recipe_file, change)
