"""A recipe that removes nothing, and the part that units are ranked on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import torch

from leanlung.exports import load_bundle
from leanlung.foundations.seeds import Seeds
from leanlung.pixels import ImageSet, PixelStatistics
from leanlung.runs import Options, run
from leanlung.runs.material import Material

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def unpruned(small_films: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    options = Options(
        data=small_films / "data",
        out=tmp_path_factory.mktemp("unpruned"),
        changes=["prune.rounds=0", "train.epochs=1"],
        device="cpu",
    )
    return run(small_films / "small.toml", options).path


def test_without_rounds_the_whole_network_is_the_only_candidate(unpruned: Path) -> None:
    choice = json.loads((unpruned / "seed-0/4-choose/choice.json").read_text())
    assert choice["chosen"] == "unpruned"
    assert len(choice["candidates"]) == 1
    assert choice["reason"] == "nothing was removed; the whole network is the only candidate"
    assert not (unpruned / "seed-0/3-prune").exists()


def test_nothing_is_said_to_have_failed_where_nothing_was_tried(unpruned: Path) -> None:
    measured = json.loads((unpruned / "seed-0/6-evaluate/evaluation.json").read_text())
    assert measured["sentence"] == ("nothing was to be removed, so there is nothing to compare")
    history = load_bundle(unpruned / "seed-0/8-export/bundle").history
    assert {"step": "prune", "about": "nothing is removed"} in history
    assert (unpruned / "report.html").is_file()


def test_units_are_ranked_on_the_part_that_is_asked_for() -> None:
    dark = torch.zeros(3, 8, 8, dtype=torch.uint8)
    bright = torch.full((2, 8, 8), 255, dtype=torch.uint8)
    images = torch.cat([dark, bright])
    material = Material(
        ImageSet(images, torch.arange(3), torch.zeros(3, dtype=torch.int64)),
        ImageSet(images, torch.arange(3, 5), torch.ones(2, dtype=torch.int64)),
        PixelStatistics(0.0, 1.0),
        1,
        torch.device("cpu"),
    )
    [(train, labels)] = material.batches(0, Seeds(0))
    assert train.shape[0] == 3
    assert float(train.max()) == 0.0
    assert labels.tolist() == [0, 0, 0]
    [(validation, labels)] = material.batches(0, Seeds(0), "validation")
    assert float(validation.min()) == pytest.approx(1.0)
    assert labels.tolist() == [1, 1]
