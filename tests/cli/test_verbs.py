"""Every verb answers, in words and as JSON, and ends with the exit code of the design."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leanlung import __version__
from leanlung.cli.app import app
from leanlung.foundations.tables import read_table, write_table


def leanlung(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def answered(*arguments: object) -> dict | list:
    result = leanlung(*arguments, "--json")
    assert result.exit_code in {0, 4}, result.output
    return json.loads(result.stdout)


def test_help_names_every_verb() -> None:
    result = leanlung("--help")
    assert result.exit_code == 0
    for verb in (
        "demo",
        "check",
        "run",
        "show",
        "compare",
        "segment",
        "explain",
        "ensemble",
        "tune",
        "reproduce",
        "data",
        "predict",
        "prune",
        "sensitivity",
        "export",
        "list",
        "doctor",
    ):
        assert verb in result.output
        assert leanlung(verb, "--help").exit_code == 0


def test_it_says_its_version() -> None:
    assert leanlung("--version").output.strip() == f"leanlung {__version__}"


@pytest.mark.parametrize(
    "arguments", [["fly"], ["run"], ["show", "--nothing"], ["list", "svms"]]
)
def test_wrong_words_are_a_usage_error(arguments: list[str]) -> None:
    assert leanlung(*arguments).exit_code == 2


def test_run_says_verdict_bundle_and_report(films: Path, recipe_file: Path) -> None:
    out = recipe_file.parent / "runs"
    result = leanlung("run", recipe_file, "--data", films, "--out", out, "--device", "cpu")
    assert result.exit_code == 0, result.output
    (folder,) = out.glob("small-*")
    for told in ("verdict (seed 0): ", f"report: {folder / 'report.html'}", "bundle: "):
        assert told in result.stdout
    found = answered("run", recipe_file, "--data", films, "--out", out, "--device", "cpu")
    assert found["run"] == str(folder)
    difference = found["seeds"]["0"]["comparison"]["difference"]
    assert set(difference) >= {"value", "low", "high", "level", "method", "studies", "patients"}


def test_run_until_a_stage_says_so(films: Path, recipe_file: Path) -> None:
    out = recipe_file.parent / "runs"
    result = leanlung("run", recipe_file, "--data", films, "--out", out, "--until", "data")
    assert result.stdout.startswith("done until data: ")


def test_refused_data_end_with_three(films: Path, recipe_file: Path) -> None:
    rows = read_table(films / "manifest.csv")
    copies = [
        row | {"patient_id": row["patient_id"] + "x", "study_id": f"copy-{n}"}
        for n, row in enumerate(rows)
    ]
    rows = [row | {"study_id": f"own-{n}"} for n, row in enumerate(rows)]
    write_table(films / "manifest.csv", list(rows[0]), rows + copies)
    out = recipe_file.parent / "runs"
    result = leanlung("run", recipe_file, "--data", films, "--out", out, "--device", "cpu")
    assert result.exit_code == 3
    assert "are the same picture" in result.stderr
    assert "Traceback" not in result.stderr
    assert leanlung("check", recipe_file, "--data", films).exit_code == 3
    allowed = leanlung(
        "run", recipe_file, "--data", films, "--out", out, "--device", "cpu", "--allow"
    )
    assert allowed.exit_code == 0, allowed.output
    (report,) = out.glob("small-*/report.html")
    assert "leak" in report.read_text(encoding="utf-8").lower()


def test_check_lists_mistakes_and_ends_with_one(films: Path, recipe_file: Path) -> None:
    recipe_file.write_text(recipe_file.read_text().replace("rounds", "round"))
    result = leanlung("check", recipe_file, "--data", films)
    assert result.exit_code == 1
    assert "did you mean 'rounds'?" in result.stdout


def test_check_of_a_whole_recipe_ends_with_nothing(films: Path, recipe_file: Path) -> None:
    result = leanlung("check", recipe_file, "--data", films)
    assert result.exit_code == 0
    assert result.stdout.endswith("nothing wrong\n")
    assert answered("check", recipe_file, "--data", films)["mistakes"] == []


def test_show_tells_curve_verdict_and_openings(finished: Path) -> None:
    result = leanlung("show", finished)
    assert result.exit_code == 0
    for told in ("unpruned", "round-01", "round-02", "chosen", "macro_auc", "opened 20"):
        assert told in result.stdout
    found = answered("show", finished)
    assert [one["name"] for one in found["seeds"]["0"]["candidates"]] == [
        "unpruned", "round-01", "round-02",
    ]  # fmt: skip
    assert found["openings"][0]["again"] is False


def test_show_of_an_unfinished_run_says_what_is_sealed(films: Path, recipe_file: Path) -> None:
    out = recipe_file.parent / "runs"
    leanlung("run", recipe_file, "--data", films, "--out", out, "--until", "data")
    (folder,) = out.glob("small-*")
    assert "the test part is still sealed" in leanlung("show", folder).stdout


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("layouts", "manifest"),
        ("backbones", "mobilenet_v2"),
        ("criteria", "apoz"),
        ("schedules", "steady"),
        ("metrics", "macro_auc"),
        ("recipes", "demo"),
    ],
)
def test_list_names_what_can_be_asked_for(kind: str, name: str) -> None:
    entries = answered("list", kind)[kind]
    assert name in [entry["name"] for entry in entries]
    assert all(entry["about"] for entry in entries)
    assert name in leanlung("list", kind).stdout


def test_doctor_tells_versions_devices_and_codecs() -> None:
    found = answered("doctor")
    assert found["leanlung"] == __version__
    assert "torch" in found["packages"]
    assert any("JPEG Lossless" in row["name"] for row in found["dicom"])
    result = leanlung("doctor")
    assert result.exit_code == 0
    assert "JPEG Lossless" in result.stdout


def test_doctor_says_how_to_add_dicom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leanlung.studies.pictures.codecs", list)
    assert 'pip install "leanlung[dicom]"' in leanlung("doctor").stdout
