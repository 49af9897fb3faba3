"""``leanlung reproduce`` of a recipe with variants, as a user meets it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from leanlung.cli.app import app
from leanlung.runs.variants import open_paper
from leanlung.studies.seal import read_openings

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.variants import VariantsFolder


def leanlung(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    return result.exit_code, result.stdout, result.stderr


def test_a_finished_paper_is_found_again_and_told_variant_by_variant(
    desk: Path, finished_paper: VariantsFolder
) -> None:
    before = finished_paper.results.read_bytes(), finished_paper.report.read_bytes()
    [fit] = finished_paper.path.glob("raw/*/seed-0/2-fit/separable_cnn/step.json")
    written = fit.stat().st_mtime_ns
    code, told, _ = leanlung(
        "reproduce", desk / "tiny.toml", "--data", desk / "data", "--out", desk / "out",
        "--device", "cpu",
    )  # fmt: skip
    assert code == 0
    assert "skipped: lost" in told
    assert "raw: 60 studies of 30 patients" in told
    assert "raw or masked, other hospitals:" in told
    assert "always upper: accuracy 0.500" in told
    assert f"report: {finished_paper.report}" in told
    assert (finished_paper.results.read_bytes(), finished_paper.report.read_bytes()) == before
    assert fit.stat().st_mtime_ns == written
    books = list((finished_paper.path / "data").glob("*-openings.jsonl"))
    assert [len(read_openings(book)) for book in books] == [1]
    assert open_paper(finished_paper.path) == finished_paper


def test_data_come_first_and_as_json(desk: Path, finished_paper: VariantsFolder) -> None:
    code, told, _ = leanlung(
        "reproduce", desk / "tiny.toml", "--data", desk / "data", "--out", desk / "out",
        "--device", "cpu", "--until", "data", "--json",
    )  # fmt: skip
    assert code == 0
    found = json.loads(told)
    assert found["variants"] == str(finished_paper.path)
    assert found["data"]["masked"] == {"studies": 60, "patients": 30}


def test_a_paper_has_a_verb_of_its_own_and_says_what_is_missing(tmp_path: Path) -> None:
    code, _, told = leanlung("run", "garcia2023", "--data", tmp_path)
    assert code == 1
    assert "leanlung reproduce garcia2023" in told
    code, _, told = leanlung("reproduce", "garcia2023", "--data", tmp_path)
    assert code == 2
    assert "no variant can be carried out" in told
    assert "kaggle.com/datasets/tawsifurrahman" in told
    code, told, _ = leanlung("list", "recipes", "--json")
    verbs = {one["name"]: one["verb"] for one in json.loads(told)["recipes"]}
    assert verbs["garcia2023-small"] == "leanlung reproduce"
