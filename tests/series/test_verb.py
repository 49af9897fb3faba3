"""``leanlung reproduce`` as a user meets it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from leanlung.cli.app import app
from leanlung.studies.seal import read_openings

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.series import SeriesFolder


def leanlung(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    return result.exit_code, result.stdout, result.stderr


def test_a_finished_series_is_found_again_and_told_with_intervals(
    tiny: Path, finished_series: SeriesFolder
) -> None:
    out = finished_series.path.parent
    results = finished_series.results.read_bytes()
    code, told, _ = leanlung("reproduce", tiny, "--out", out, "--device", "cpu")
    assert code == 0
    assert finished_series.results.read_bytes() == results
    assert len(read_openings(finished_series.openings)) == 1
    books = list(finished_series.path.glob("*/*/*/openings.jsonl"))
    assert len(books) == 9
    assert [len(read_openings(book)) for book in books] == [1] * 9
    assert "MADE-UP IMAGES" in told
    assert "vote of pruned networks: accuracy 0." in told
    assert f"report: {finished_series.report}" in told


def test_data_come_first_and_as_json(tiny: Path, finished_series: SeriesFolder) -> None:
    out = finished_series.path.parent
    code, told, _ = leanlung(
        "reproduce", tiny, "--out", out, "--until", "data", "--json", "--device", "cpu"
    )
    assert code == 0
    found = json.loads(told)
    assert found["series"] == str(finished_series.path)
    assert found["missing"] == []


def test_what_is_missing_is_told_with_where_to_get_it(tmp_path: Path) -> None:
    code, _, told = leanlung("reproduce", "rajaraman2020-small", "--data", tmp_path)
    assert code == 2
    assert "lacks what is needed" in told
    assert "cxr/metadata.csv" in told
    code, _, told = leanlung("reproduce", "rajaraman2020", "--data", tmp_path)
    assert code == 2
    assert "kaggle.com/c/rsna-pneumonia-detection-challenge" in told


def test_a_series_has_a_verb_of_its_own(tmp_path: Path) -> None:
    code, _, told = leanlung("run", "rajaraman2020", "--data", tmp_path)
    assert code == 1
    assert "leanlung reproduce rajaraman2020" in told
    code, _, told = leanlung("reproduce", "rajaraman2021")
    assert code == 1
    assert "did you mean 'rajaraman2020'" in told
    code, _, told = leanlung("reproduce", "rajaraman2020", "--until", "reprot")
    assert code == 2
    assert "did you mean 'report'" in told


def test_series_are_listed_with_their_verb() -> None:
    code, told, _ = leanlung("list", "recipes", "--json")
    assert code == 0
    verbs = {one["name"]: one["verb"] for one in json.loads(told)["recipes"]}
    assert verbs["rajaraman2020-small"] == "leanlung reproduce"
    assert verbs["first"] == "leanlung run"
