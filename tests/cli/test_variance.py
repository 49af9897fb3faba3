"""``leanlung variance``: a table, figures and a curve over images looked at."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch
from typer.testing import CliRunner, Result

from leanlung.cli.app import app
from leanlung.exports import load_bundle, save_bundle
from leanlung.foundations.tables import read_table
from leanlung.runs.variance import doublings

if TYPE_CHECKING:
    from pathlib import Path


def leanlung(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["variance", *map(str, arguments)])


@pytest.fixture
def silenced(finished: Path, tmp_path: Path) -> Path:
    """The bundle of a run in which two units of the first BatchNorm are dead."""
    bundle = load_bundle(finished / "seed-0" / "8-export" / "bundle")
    norm = next(m for m in bundle.network.modules() if isinstance(m, torch.nn.BatchNorm2d))
    with torch.no_grad():
        norm.weight[:2] = 0.0
        norm.bias[:2] = -1.0
    save_bundle(tmp_path / "bundle", replace(bundle, name="silenced"))
    return tmp_path / "bundle"


def test_units_that_never_vary_are_found_with_few_images_and_with_all(
    silenced: Path, finished: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = leanlung(
        silenced, "--data", finished / "cohort.csv", "--counts", "2,28", "--orders", 2,
        "--out", out, "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert [(one["order"], one["images"]) for one in found["found"]] == [
        (0, 2), (0, 28), (1, 2), (1, 28)
    ]  # fmt: skip
    constant = [one["units"] for one in found["found"]]
    assert min(constant) >= 2
    assert constant[0] >= constant[1] == constant[3]  # all images: no order matters
    assert found["images"] == 28
    assert found["counts"][1]["units"]["low"] == found["counts"][1]["units"]["high"]
    left = [one["parameters"] for one in found["found"]]
    assert left[0] <= left[1] < found["parameters"]
    told = json.loads((out / "images-needed.json").read_text())
    assert {**told, "drawing": str(out / "images-needed.svg")} == found
    rows = read_table(out / "images-needed.csv")
    assert len(rows) == 4 * len(found["found"][0]["constant"])
    assert sum(int(row["constant"]) for row in rows) == sum(constant)
    assert ElementTree.parse(out / "images-needed.svg").getroot().tag.endswith("svg")


def test_the_table_tells_the_spread(silenced: Path, finished: Path, tmp_path: Path) -> None:
    common = (silenced, "--data", finished / "cohort.csv", "--out", tmp_path / "out")
    result = leanlung(*common, "--counts", "4", "--orders", 1)
    assert result.exit_code == 0, result.output
    assert "28 to look at" in result.stdout
    for flags, told in (
        (("--counts", "31"), "from 1 to 28"),
        (("--counts", "4;5"), "such as 16,64,256"),
        (("--metric", "acuracy"), "did you mean 'accuracy'"),
    ):
        refused = leanlung(*common, *flags)
        assert refused.exit_code == 2, refused.output
        assert told in refused.stderr


def test_counts_double_up_to_all_images() -> None:
    assert doublings(100) == [8, 16, 32, 64, 100]
    assert doublings(64) == [8, 16, 32, 64]
    assert doublings(5) == [5]
