"""``leanlung evaluate`` sets the drop to another hospital beside what pruning changes."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leanlung.cli.app import app
from leanlung.statistics import read_predictions


def leanlung(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_run_is_told_in_words(finished: Path, elsewhere: Path) -> None:
    done = leanlung("evaluate", finished, "--external", elsewhere, "--resamples", 100)
    assert done.exit_code == 0, done.output
    assert "28 studies of 14 patients, classes upper, lower" in done.stdout
    assert "change by pruning, internal patients:" in done.stdout
    assert "change by pruning, external patients:" in done.stdout
    assert "at thresholds frozen on validation" in done.stdout
    assert "Research use only" in done.stderr


def test_everything_is_written_and_answered_as_json(
    finished: Path, elsewhere: Path, tmp_path: Path
) -> None:
    bundle = finished / "seed-0" / "8-export" / "bundle"
    done = leanlung(
        "evaluate", bundle, "--external", elsewhere / "manifest.csv",
        "--resamples", 100, "--out", tmp_path / "out", "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told == json.loads((tmp_path / "out" / "external.json").read_text())
    (name,) = told["models"]
    predictions = read_predictions(tmp_path / "out" / f"predictions-{name}-external.csv")
    assert len(predictions) == told["studies"] == 28


def test_a_run_tells_external_data_that_lie_in_its_folder(
    finished: Path, elsewhere: Path, tmp_path: Path
) -> None:
    run = Path(shutil.copytree(finished, tmp_path / "run"))
    asked = ("evaluate", run, "--external", elsewhere, "--resamples", 100, "--out")
    assert leanlung(*asked, tmp_path / "aside").exit_code == 0
    report = run / "report.html"
    assert "No external data were looked at" in report.read_text(encoding="utf-8")
    assert leanlung(*asked, run / "external").exit_code == 0
    html = report.read_text(encoding="utf-8")
    assert "From the test part to other patients" in html
    assert "28 studies of 14 patients" in html
    assert str(tmp_path) not in html


def test_what_is_missing_is_said(finished: Path, tmp_path: Path) -> None:
    done = leanlung("evaluate", finished, "--external", tmp_path / "nowhere")
    assert done.exit_code == 1
    assert "no such file or folder" in done.stderr
    assert leanlung("evaluate", finished).exit_code == 2


@pytest.mark.parametrize("numbers", [("--level", 2), ("--margin", 0), ("--resamples", 3)])
def test_numbers_that_make_no_sense_are_a_usage_error(tmp_path: Path, numbers: tuple) -> None:
    done = leanlung("evaluate", tmp_path, "--external", tmp_path, *numbers)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"leanlung: {numbers[0][2:].removesuffix('s')}") or (
        "3 resamples are too few" in done.stderr
    )
