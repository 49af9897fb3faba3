"""Starting: the trunk of a network of ours under a new head."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch

from leanlung.foundations.errors import NetworkError
from leanlung.networks import NetworkSpec
from leanlung.runs.candidates import load_network
from leanlung.runs.recipe import NetworkSection
from leanlung.runs.starting import begin, weights_content, weights_source

if TYPE_CHECKING:
    from pathlib import Path

SECTION = NetworkSection(backbone="separable_cnn")
SPEC = NetworkSpec("separable_cnn", 3, size=32)


def whole(run: Path) -> Path:
    return run / "seed-0/2-fit/separable_cnn"


def test_the_trunk_is_taken_and_the_head_is_new(finished: Path) -> None:
    begun = begin(SECTION, SPEC, whole(finished), 0, drawn=5)
    theirs, ours = load_network(whole(finished)).state_dict(), begun.network.state_dict()
    trunk = [name for name in theirs if name.startswith("trunk.")]
    assert len(trunk) > 5
    assert all(torch.equal(ours[name], theirs[name]) for name in trunk)
    assert ours["head.3.weight"].shape == (3, 256)
    fresh = begin(SECTION, SPEC, "none", 0, drawn=5).network.state_dict()
    assert torch.equal(ours["head.3.weight"], fresh["head.3.weight"])
    assert begun.told == "the trunk of separable_cnn (21 tensors), with a new head"


def test_a_pruned_trunk_cannot_begin_a_whole_network(finished: Path) -> None:
    choice = json.loads((finished / "seed-0/4-choose/choice.json").read_text())
    assert choice["round"] > 0
    for folder in (finished, finished / "seed-0/8-export/bundle"):
        with pytest.raises(NetworkError, match="its trunk is pruned"):
            begin(SECTION, SPEC, folder, 0, drawn=5)


def test_another_network_or_other_conventions_are_refused(finished: Path) -> None:
    for spec, told in (
        (replace(SPEC, backbone="vgg16_quarter"), "a network of backbone 'separable_cnn'"),
        (replace(SPEC, channels=1), "a network of channels 3; the recipe's has 1"),
    ):
        with pytest.raises(NetworkError, match=told):
            begin(SECTION, spec, whole(finished), 0, drawn=5)


def test_a_folder_is_looked_for_below_the_places_and_must_be_ours(
    finished: Path, tmp_path: Path
) -> None:
    assert weights_source(finished.name, tmp_path, finished.parent) == finished
    (tmp_path / "films").mkdir()
    with pytest.raises(NetworkError, match="no run, no candidate and no bundle"):
        weights_source("films", tmp_path)
    with pytest.raises(NetworkError, match="no such weights file"):
        weights_source("nothing", tmp_path)


def test_other_weights_have_other_contents(finished: Path) -> None:
    fit, pruned = whole(finished), finished / "seed-0/3-prune/separable_cnn/round-01"
    assert weights_content(fit, 0) != weights_content(pruned, 0)
    assert weights_content("none", 0) == "none"
