"""A damaged run is told as one: which file, what is wrong with it, what to do."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from leanlung.cli.app import app
from leanlung.foundations.errors import RunError
from leanlung.runs import open_run, results_of
from leanlung.runs.external_models import models_of
from leanlung.runs.records import read_record
from leanlung.runs.reporting import draw_again

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Change = Callable[[dict], object]

NO_JSON = [b"", b"{", b'{"seeds": [0', b"\xff\xfe", b"[" * 100_000]
OTHER_JSON = [b"null", b"[]", b'"seeds"', b"{}", b"7"]


def leanlung(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A finished run that may be changed."""
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


def refused(result: Result, path: Path) -> str:
    """Make sure that it ends in one line that names the file and what to do."""
    assert result.exit_code == 1, result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"leanlung: {path}: damaged: ")
    assert line.endswith("start the run again with `leanlung run`, which writes it anew")
    return line


@pytest.mark.parametrize("name", ["recipe.resolved.json", "data.json"])
@pytest.mark.parametrize("text", [*NO_JSON, *OTHER_JSON])
def test_show_names_the_file_that_cannot_be_read(run: Path, name: str, text: bytes) -> None:
    (run / name).write_bytes(text)
    assert name in refused(leanlung("show", run), run / name)


@pytest.mark.parametrize("text", [*NO_JSON, *OTHER_JSON, b'{"seeds": []}', b'{"seeds": {}}'])
def test_compare_and_flips_name_damaged_metrics(run: Path, finished: Path, text: bytes) -> None:
    (run / "metrics.json").write_bytes(text)
    for arguments in (("compare", run, finished), ("compare", finished, run), ("flips", run)):
        assert "metrics.json" in refused(leanlung(*arguments), run / "metrics.json")


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("recipe.resolved.json", lambda found: found.pop("seeds"), "seeds is missing"),
        ("recipe.resolved.json", lambda found: found.update(seeds=0), "seeds is 0"),
        ("recipe.resolved.json", lambda found: found.update(seeds=["x"]), "a seed is 'x'"),
        ("recipe.resolved.json", lambda found: found.update(choose=3), "choose.metric is miss"),
        ("recipe.resolved.json", lambda found: found["prune"].pop("rounds"), "prune.rounds is"),
        ("recipe.resolved.json", lambda found: found["network"].clear(), "network.backbone is"),
        ("data.json", lambda found: found.pop("patients"), "patients is missing"),
        ("data.json", lambda found: found.update(studies="many"), "studies is 'many'"),
    ],
)
def test_a_key_that_is_not_there_is_named(
    run: Path, name: str, change: Change, told: str
) -> None:
    found = json.loads((run / name).read_text(encoding="utf-8"))
    change(found)
    (run / name).write_text(json.dumps(found), encoding="utf-8")
    assert told in refused(leanlung("show", run), run / name)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda seeds: seeds["0"].pop("chosen"), "seeds.0.chosen is missing"),
        (lambda seeds: seeds.update({"0": None}), "seeds.0.chosen is missing"),
        (lambda seeds: seeds.update(x=seeds["0"]), "a seed is 'x'"),
    ],
)
def test_a_seed_without_a_choice_is_named(run: Path, change: Change, told: str) -> None:
    found = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    change(found["seeds"])
    (run / "metrics.json").write_text(json.dumps(found), encoding="utf-8")
    with pytest.raises(RunError, match=told):
        results_of(open_run(run))


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"round": 0}'])
@pytest.mark.parametrize(
    "name",
    ["2-fit/separable_cnn/candidate.json", "3-prune/separable_cnn/round-02/candidate.json"],
)
def test_a_damaged_candidate_is_named(run: Path, name: str, text: str) -> None:
    path = run / "seed-0" / name
    path.write_text(text)
    assert name in refused(leanlung("show", run), path)


def test_a_candidate_without_the_metric_is_named(run: Path) -> None:
    path = run / "seed-0" / "2-fit" / "separable_cnn" / "candidate.json"
    found = json.loads(path.read_text())
    path.write_text(json.dumps(found | {"validation": {"accuracy": 0.5}}))
    assert "validation.macro_auc is missing" in refused(leanlung("show", run), path)


@pytest.mark.parametrize("name", ["4-choose/choice.json", "6-evaluate/evaluation.json"])
def test_a_damaged_choice_or_evaluation_is_named(run: Path, name: str) -> None:
    path = run / "seed-0" / name
    path.write_text("{")
    assert name in refused(leanlung("show", run), path)


def test_evaluate_names_a_damaged_recipe(run: Path) -> None:
    (run / "recipe.resolved.json").write_text("{}")
    with pytest.raises(RunError, match=r"resolved.json: damaged: network.backbone is missing"):
        models_of(run)


def test_a_file_that_is_gone_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"data.json: cannot be read \(No such file"):
        read_record(tmp_path / "data.json")


@pytest.mark.parametrize("damage", ['{"time": "20', '{"note": "a trial"}'])
def test_a_damaged_book_of_openings_never_passes_for_sealed(run: Path, damage: str) -> None:
    (run / "openings.jsonl").write_text(damage + "\n")
    result = leanlung("show", run)
    assert result.exit_code == 0, result.output
    assert "perhaps opened: line 1 of openings.jsonl cannot be read" in result.stdout
    assert "still sealed" not in result.stdout
    told = json.loads(leanlung("show", run, "--json").stdout)
    assert (told["openings"], told["openings_unreadable"]) == ([], [1])


def test_a_sound_opening_is_told_beside_a_line_that_cannot_be_read(run: Path) -> None:
    with (run / "openings.jsonl").open("a") as book:
        book.write('{"time": "20')
    shown = leanlung("show", run).stdout
    assert "opened 20" in shown
    assert "perhaps opened: line 2 of openings.jsonl cannot be read" in shown


def test_the_report_tells_openings_that_cannot_be_read(run: Path) -> None:
    with (run / "openings.jsonl").open("a") as book:
        book.write('{"time": "20')
    report = draw_again(run)
    assert report is not None
    page = report.read_text(encoding="utf-8")
    assert "TEST PART PERHAPS OPENED MORE OFTEN" in page
    assert "Line 2 of the book of openings cannot be read" in page


def test_a_damaged_audit_says_what_writes_it_anew(run: Path) -> None:
    (run / "audit.json").write_text("{")
    with pytest.raises(RunError, match=r"audit.json: damaged: .*anew with `leanlung audit`"):
        draw_again(run)
