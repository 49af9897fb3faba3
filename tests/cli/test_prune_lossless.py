"""``leanlung prune --lossless``: a smaller bundle whose answers are the same."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner, Result

from leanlung.cli.app import app
from leanlung.exports import answer, load_bundle, save_bundle
from leanlung.networks import size_of


def leanlung(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture
def idle(finished: Path, tmp_path: Path) -> Path:
    """The bundle of a run, with two silent units and one that never varies."""
    bundle = load_bundle(finished / "seed-0" / "8-export" / "bundle")
    _, norm, *_ = (m for m in bundle.network.modules() if isinstance(m, torch.nn.BatchNorm2d))
    with torch.no_grad():
        norm.weight[:3] = 0.0
        norm.bias[:3] = torch.tensor([-1.0, -2.0, 1.0])
    save_bundle(tmp_path / "idle", bundle)
    return tmp_path / "idle"


def test_idle_units_leave_and_the_answers_stay(
    idle: Path, finished: Path, small_films: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    result = leanlung(
        "prune", idle, "--data", finished / "cohort.csv", "--out", new, "--lossless"
    )
    assert result.exit_code == 0, result.output
    rows = (finished / "cohort.csv").read_text().splitlines()
    training = sum(",train," in row for row in rows)
    assert 0 < training < len(rows) - 1
    assert f"units left, over {training} images" in result.stdout
    before, after = load_bundle(idle), load_bundle(new)
    films = sorted((small_films / "data" / "films").iterdir())
    for was, now in zip(answer(before, films), answer(after, films), strict=True):
        assert now.probabilities == pytest.approx(was.probabilities, abs=1e-5)
    sizes = [size_of(one.network, 32).stored for one in (before, after)]
    assert sizes[1] < sizes[0]
    metrics = json.loads((new / "metrics.json").read_text())
    assert metrics["size"]["stored"] == sizes[1]
    assert metrics["certificate"]["zero"] + metrics["certificate"]["folded"] >= 2
    assert metrics["certificate"]["largest_change_float32"] <= 1e-5
    assert after.history[-1]["step"] == "prune"
    assert "never vary" in (new / "README.md").read_text()


def test_the_answer_for_programs_is_the_certificate(
    idle: Path, finished: Path, tmp_path: Path
) -> None:
    arguments = ("--data", finished / "cohort.csv", "--out", tmp_path / "new", "--lossless")
    found = json.loads(leanlung("prune", idle, *arguments, "--json").stdout)
    assert found["certificate"] == load_bundle(tmp_path / "new").metrics["certificate"]


def test_the_test_part_is_never_looked_at(idle: Path, finished: Path, tmp_path: Path) -> None:
    with (finished / "cohort.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    sealed = tmp_path / "sealed"
    shutil.copytree(finished, sealed)
    for row in rows:
        row["image_path"] = str((finished / row["image_path"]).resolve())
        if row["split"] != "train":
            row["image_path"] = str(tmp_path / "away" / Path(row["image_path"]).name)
    with (sealed / "cohort.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    arguments = ("--data", sealed / "cohort.csv", "--out", tmp_path / "new", "--lossless")
    assert leanlung("prune", idle, *arguments).exit_code == 0


def test_a_bundle_is_not_replaced_by_itself(idle: Path, small_films: Path) -> None:
    before = sorted(path.read_bytes() for path in idle.iterdir())
    result = leanlung(
        "prune", idle, "--data", small_films / "data", "--out", idle, "--lossless"
    )
    assert result.exit_code == 2
    assert "choose another --out" in result.stderr
    assert sorted(path.read_bytes() for path in idle.iterdir()) == before


def test_labels_the_bundle_does_not_know_are_refused(
    idle: Path, small_films: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(small_films / "data", data)
    manifest = data / "manifest.csv"
    manifest.write_text(manifest.read_text().replace("upper", "uper"))
    result = leanlung("prune", idle, "--data", data, "--out", tmp_path / "new", "--lossless")
    assert result.exit_code == 1
    assert "label 'uper' is no class of" in result.stderr
    assert "did you mean 'upper'?" in result.stderr
    assert not (tmp_path / "new").exists()
