"""``leanlung flips`` lists the cases that changed sides."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from leanlung.cli.app import app
from leanlung.foundations.tables import read_table
from leanlung.statistics import Predictions, write_predictions

NAMES = ("a", "b", "c", "d")


def leanlung(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """The smaller model newly misses a, newly finds b and raises a false alarm on c."""
    paths = tmp_path / "large.csv", tmp_path / "small.csv"
    for path, shares in zip(paths, ([0.9, 0.2, 0.1, 0.8], [0.1, 0.7, 0.95, 0.9]), strict=True):
        predictions = Predictions(
            path.stem,
            ("normal", "covid"),
            NAMES,
            ("p1", "p1", "p2", "p3"),
            np.array([1, 1, 0, 1]),
            np.array([[1 - share, share] for share in shares]),
        )
        write_predictions(path, predictions)
    return paths


def test_missed_disease_comes_first(pair: tuple[Path, Path]) -> None:
    told = json.loads(leanlung("flips", *pair, "--json").stdout)
    assert [(case["study_id"], case["direction"]) for case in told["cases"]] == [
        ("a", "newly_wrong"), ("c", "newly_wrong"), ("b", "newly_right"),
    ]  # fmt: skip
    assert told["cases"][0]["missed"] is True
    assert told["cases"][0]["other_studies"] == ["b"]
    shown = leanlung("flips", *pair)
    assert shown.exit_code == 0
    assert "0.900 → 0.100" in shown.stdout
    assert shown.stdout.index("missed") < shown.stdout.index("0.900 → 0.050")


def test_a_table_has_every_case_with_its_image(pair: tuple[Path, Path]) -> None:
    folder = pair[0].parent
    (folder / "manifest.csv").write_text(
        "study_id,image_path\n" + "".join(f"{name},films/{name}.png\n" for name in NAMES)
    )
    done = leanlung(
        "flips", *pair, "--manifest", folder / "manifest.csv", "--out", folder / "flips.csv"
    )
    assert done.exit_code == 0, done.output
    first = read_table(folder / "flips.csv")[0]
    assert (first["image"], first["other_images"]) == ("films/a.png", "films/b.png")


def test_a_run_alone_sets_its_two_networks_side_by_side(finished: Path) -> None:
    told = json.loads(leanlung("flips", finished, "--json").stdout)
    stored = json.loads((finished / "metrics.json").read_text())["seeds"]["0"]["flips"]
    assert told["counts"] == stored["counts"]
    assert "name the healthy one with --healthy" in leanlung("flips", finished).stdout


def test_one_table_alone_and_an_unknown_class_are_refused(
    pair: tuple[Path, Path], finished: Path
) -> None:
    alone = leanlung("flips", pair[0])
    assert alone.exit_code == 2
    assert "give A and B, two to compare, or one run alone" in alone.stderr
    unknown = leanlung("flips", *pair, "--healthy", "nromal")
    assert unknown.exit_code == 1
    assert "did you mean 'normal'" in unknown.stderr
    bundle = leanlung("flips", finished / "seed-0" / "8-export" / "bundle")
    assert bundle.exit_code == 2
    assert "takes no predictions along" in bundle.stderr


def test_a_manifest_without_images_is_refused(pair: tuple[Path, Path]) -> None:
    done = leanlung("flips", *pair, "--manifest", pair[0])
    assert done.exit_code == 2
    assert "no column 'image_path'" in done.stderr


def test_of_a_run_of_several_seeds_it_says_which_is_looked_at(
    finished: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    shutil.copytree(run / "seed-0", run / "seed-7")
    results = json.loads((run / "metrics.json").read_text())
    results["seeds"] = {"0": results["seeds"]["0"], "7": results["seeds"]["0"]}
    (run / "metrics.json").write_text(json.dumps(results))
    told = f"of the 2 seeds of {run}, the networks of seed 0 are looked at"
    alone = leanlung("flips", run)
    assert alone.exit_code == 0, alone.output
    assert alone.stderr == f"note: {told}\n"
    assert json.loads(leanlung("flips", run, "--json").stdout)["notes"] == [told]
    beside = leanlung("flips", finished, run, "--json")
    assert json.loads(beside.stdout)["notes"] == [told]
    assert leanlung("flips", finished).stderr == ""
    assert json.loads(leanlung("flips", finished, "--json").stdout)["notes"] == []


def test_a_level_that_is_none_is_a_usage_error(pair: tuple[Path, Path]) -> None:
    done = leanlung("flips", *pair, "--level", 95)
    assert done.exit_code == 2
    assert "for 95 % write 0.95" in done.stderr
