"""The card of a run's bundle tells what stands behind its verdict, and its audit."""

import json
from dataclasses import replace
from pathlib import Path

from leanlung.foundations.files import write_json
from leanlung.runs import Options, run

AUDIT = {
    "verdict": "alarm", "alarm": True, "leaks": False, "reasons": ["border: as good"],
    "cautions": [], "cohort": "films", "studies": 60, "patients": 30,
}  # fmt: skip


def bundle(folder: Path) -> Path:
    return folder / "seed-0" / "8-export" / "bundle"


def test_groups_flips_and_power_are_told_without_naming_a_patient(finished: Path) -> None:
    card = (bundle(finished) / "README.md").read_text(encoding="utf-8")
    measured = json.loads((finished / "metrics.json").read_text(encoding="utf-8"))["seeds"]["0"]
    for table in measured["groups"]:
        assert table["told"] in card
    every = measured["flips"]["counts"][0]
    assert f"| all | {every['studies']} | {every['newly_wrong']} |" in card
    assert "Not audited when this card was written" in card
    metrics = (bundle(finished) / "metrics.json").read_text(encoding="utf-8")
    assert "cases" not in json.loads(metrics)["flips"]
    assert "films/0" not in metrics + card


def test_a_run_started_again_after_an_audit_tells_it_in_the_card(
    films: Path, recipe_file: Path
) -> None:
    options = Options(data=films, out=recipe_file.parent / "runs", device="cpu")
    folder = run(recipe_file, options)
    steps = {path: path.stat().st_mtime_ns for path in folder.path.rglob("step.json")}
    found = json.loads(folder.metrics.read_text(encoding="utf-8"))
    write_json(folder.audit, AUDIT)
    run(recipe_file, replace(options, until="export"))
    changed = [path for path, time in steps.items() if path.stat().st_mtime_ns != time]
    assert [path.parent.name for path in changed] == ["8-export"]
    card = (bundle(folder.path) / "README.md").read_text(encoding="utf-8")
    assert "**Alarm: the class is told without the lungs.**" in card
    assert "- border: as good" in card
    assert json.loads(folder.metrics.read_text(encoding="utf-8")) == found
