"""A recipe may ask for answers on the training part, and a run tells its networks' forms."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from leanlung.foundations.tables import read_table
from leanlung.networks import restore
from leanlung.pruning.masks import storage_forms
from leanlung.runs import Options, read_recipe, run
from leanlung.runs.candidates import load_candidate
from leanlung.statistics import read_predictions

if TYPE_CHECKING:
    from pathlib import Path


def test_what_nobody_asked_for_is_in_no_recipe(recipe_file: Path) -> None:
    plain = read_recipe(recipe_file)
    assert "training" not in plain.evaluate.model_dump()
    assert "training" not in plain.model_dump(mode="json")["evaluate"]
    asked = read_recipe(recipe_file, ["evaluate.training=true"])
    assert asked.evaluate.model_dump()["training"] is True
    assert type(asked).model_validate(asked.model_dump(mode="json")) == asked


def test_answers_on_the_training_part_are_kept_and_drawn(
    small_films: Path, tmp_path: Path
) -> None:
    changes = ("evaluate.training=true", "prune.rounds=1", "train.epochs=1",
               "prune.retrain.epochs=1", "evaluate.resamples=100")  # fmt: skip
    options = Options(data=small_films / "data", out=tmp_path, device="cpu", changes=changes)
    folder = run(small_films / "small.toml", options)
    here = folder.seed(0)
    measured = json.loads((here.evaluate / "evaluation.json").read_text())
    learnt = {r["study_id"] for r in read_table(folder.cohort) if r["split"] == "train"}
    assert learnt
    names = {"unpruned", measured["chosen"]}
    for name in names:
        found = read_predictions(here.evaluate / f"predictions-{name}-train.csv")
        assert set(found.study_ids) == learnt
        assert found.part == "train"
        told = {e["name"]: e["value"] for e in measured["models"][name]["training"]}
        right = float(np.mean(found.predicted == found.labels))
        assert told["accuracy"] == pytest.approx(right)
    page = folder.report.read_text()
    assert "Confusion on the training part" in page
    # And the forms, as they are written of the network on disk.
    whole = here.fit("separable_cnn")
    network = restore(whole / "network.safetensors", load_candidate(whole).spec)
    forms = [one.as_dict() for one in storage_forms(network, gzipped=False)]
    assert measured["models"]["unpruned"]["storage"]["forms"] == forms
    assert "Storage forms" in page


def test_a_run_that_was_not_asked_keeps_no_answers_on_the_training_part(
    finished: Path,
) -> None:
    here = finished / "seed-0" / "6-evaluate"
    assert list(here.glob("predictions-*-test.csv"))
    assert not list(here.glob("predictions-*-train.csv"))
