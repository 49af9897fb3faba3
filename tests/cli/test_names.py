"""What users called their files is told as it is; what was read is told too."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from leanlung.cli.app import app
from leanlung.cli.run import tell
from leanlung.exports import load_bundle, save_bundle
from leanlung.pixels import PixelSpec
from leanlung.runs import RunFolder


def leanlung(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def bundle_of(finished: Path) -> Path:
    return finished / "seed-0" / "8-export" / "bundle"


@pytest.mark.parametrize("name", ["scan[left].png", "scan:x:.png"])
def test_brackets_and_colons_in_names_stay(finished: Path, films: Path, name: str) -> None:
    film = films / name
    film.write_bytes((films / "films/000-0.png").read_bytes())
    assert name in leanlung("predict", bundle_of(finished), film).stdout


def test_a_run_in_a_folder_with_brackets_says_where(films: Path, recipe_file: Path) -> None:
    out = recipe_file.parent / "runs[old]"
    told = leanlung("run", recipe_file, "--data", films, "--out", out, "--until", "data").stdout
    assert str(out) in told


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_what_the_output_cannot_show_ends_no_answer(
    finished: Path, films: Path, encoding: str
) -> None:
    film = films / "lungε.png"
    film.write_bytes((films / "films/000-0.png").read_bytes())
    for words in (["show", finished], ["predict", bundle_of(finished), film, "--json"]):
        done = subprocess.run(
            [sys.executable, "-m", "leanlung", *map(str, words)],
            capture_output=True, check=False, env=os.environ | {"PYTHONIOENCODING": encoding},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["image"] == str(film)


def test_where_the_whole_network_is_kept_no_verdict_is_claimed(
    finished: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    results = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    seed = results["seeds"]["0"]
    seed |= {"chosen": "unpruned", "sentence": "it is kept"}
    seed["comparison"]["verdict"] = "non_inferior"
    (folder / "metrics.json").write_text(json.dumps(results), encoding="utf-8")
    runner = typer.Typer()
    runner.command()(lambda: tell(RunFolder(folder), "report"))
    told = CliRunner().invoke(runner).stdout
    assert "verdict (seed 0): none, the whole network is kept" in told
    assert "non_inferior" not in told


def test_show_names_the_run_from_inside(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(finished)
    assert leanlung("show", ".").stdout.startswith(finished.name)


def test_predict_says_that_a_bundle_of_cropped_lungs_read_whole_images(
    finished: Path, films: Path, tmp_path: Path
) -> None:
    film = films / "films/000-0.png"
    assert "cropped" not in leanlung("predict", bundle_of(finished), film).stderr
    loaded = load_bundle(bundle_of(finished))
    save_bundle(tmp_path / "b", replace(loaded, pixels=PixelSpec(size=32, crop="lungs")))
    told = leanlung("predict", tmp_path / "b", film)
    assert told.exit_code == 0
    assert "trained on images cropped to the lungs" in told.stderr


def test_a_negative_seed_is_a_usage_error(finished: Path) -> None:
    assert leanlung("compare", finished, finished, "--seed", "-1").exit_code == 2
