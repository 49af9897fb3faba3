"""``leanlung audit`` tells what matters first, and ends with the exit code of the design."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leanlung.cli.app import app
from leanlung.foundations.tables import read_table, write_table

Plant = Callable[..., Path]


def audit(*arguments: object) -> Result:
    words = ["audit", *map(str, arguments), "--resamples", "60"]
    return CliRunner().invoke(app, words)


def test_an_alarm_comes_first_and_ends_with_nothing_wrong(marked: Path, tmp_path: Path) -> None:
    out = tmp_path / "audit.json"
    result = audit(marked, "--out", out)
    assert result.exit_code == 0, result.output
    first = result.stdout.splitlines()[0]
    assert "ALARM" in first
    for told in ("lungs_out", "border", "text", "Cramér's V", "usable"):
        assert told in result.stdout
    assert max(map(len, result.stdout.split("╰")[0].splitlines())) <= 80
    assert json.loads(out.read_text(encoding="utf-8"))["alarm"] is True


def test_the_alarm_is_red_on_a_terminal(marked: Path) -> None:
    from rich.console import Console

    from leanlung.cli.audit import tell
    from leanlung.evaluation.sampling import Sampling
    from leanlung.runs.auditing import AuditPlan
    from leanlung.runs.auditing import audit as look

    found = look(marked, AuditPlan(sampling=Sampling(resamples=60)))
    console = Console(force_terminal=True, color_system="standard", width=80, record=True)
    with console.capture() as said:
        tell(found, console)
    assert said.get().startswith("\x1b[1;31m")


def test_strict_ends_with_three_on_an_alarm_and_json_is_the_answer(marked: Path) -> None:
    result = audit(marked, "--strict", "--json")
    assert result.exit_code == 3
    found = json.loads(result.stdout)
    assert (found["alarm"], found["leaks"], found["verdict"]) == (True, False, "alarm")


def test_nothing_found_says_that_this_is_no_proof(honest: Path) -> None:
    result = audit(honest, "--strict")
    assert result.exit_code == 0, result.output
    assert "no proof" in result.stdout
    assert "ALARM" not in result.stdout


def test_leaks_between_parts_end_with_three(plant: Plant) -> None:
    manifest = plant(patients=20)
    rows = read_table(manifest)
    parted = [row | {"split": ("train", "test")[n % 2]} for n, row in enumerate(rows)]
    write_table(manifest, list(parted[0]), parted)
    result = audit(manifest)
    assert result.exit_code == 3
    assert "LEAK" in result.stdout.splitlines()[0]
    assert "share a patient" in result.stdout
    assert "Traceback" not in result.output


def test_an_empty_manifest_and_no_file_are_told(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("image_path,label,patient_id\n")
    for path, told in (
        (tmp_path / "manifest.csv", "without rows"),
        (tmp_path / "no", "no such"),
    ):
        result = audit(path)
        assert result.exit_code == 1
        assert told in result.stderr


@pytest.mark.parametrize(
    "words", [["--metric", "accuracy"], ["--column", "ward"], ["--lungs", "heart"]]
)
def test_wrong_words_are_a_usage_error(honest: Path, words: list[str]) -> None:
    assert audit(honest, *words).exit_code == 2


def test_a_folder_of_class_folders_is_audited_too(plant: Plant) -> None:
    manifest = plant(patients=20)
    tree = manifest.parent.parent / "tree"
    for row in read_table(manifest):
        place = tree / row["label"] / row["patient_id"]
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(manifest.parent / row["image_path"], place)
    found = json.loads(audit(tree, "--json").stdout)
    assert (found["studies"], found["patients"]) == (40, 20)
    assert found["lungs"]["rule"] == "box"
    assert found["associations"] == []


def test_an_audited_run_keeps_its_audit(finished: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(finished, tmp_path / "run"))
    result = audit(run)
    assert result.exit_code == 0, result.output
    assert "test part" in result.stdout
    assert json.loads((run / "audit.json").read_text(encoding="utf-8"))["cohort"] == "cohort"


def test_an_audited_run_has_its_report_drawn_again(finished: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(finished, tmp_path / "run"))
    report = run / "report.html"
    assert "Not audited for shortcuts" in report.read_text(encoding="utf-8")
    result = audit(run)
    assert str(report) in result.stderr
    assert "What tells the class" in report.read_text(encoding="utf-8")
    assert "Not audited for shortcuts" not in report.read_text(encoding="utf-8")


def test_a_manifest_has_no_report_to_draw(honest: Path) -> None:
    assert "report:" not in audit(honest).stderr
