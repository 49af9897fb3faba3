"""Every verb answers, in words and as JSON, and ends with the exit code of the design."""

import json
import os
import subprocess
import sys
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


def bundle_of(finished: Path) -> Path:
    return finished / "seed-0" / "8-export" / "bundle"


def predictions_of(finished: Path) -> tuple[Path, Path]:
    place = finished / "seed-0" / "6-evaluate"
    (chosen,) = place.glob("predictions-round*.csv")
    return place / "predictions-unpruned-test.csv", chosen


def test_help_names_every_verb() -> None:
    result = leanlung("--help")
    assert result.exit_code == 0
    for verb in (
        "demo",
        "check",
        "run",
        "show",
        "compare",
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


def test_compare_prints_the_comparison_by_its_field_names(finished: Path) -> None:
    unpruned, chosen = predictions_of(finished)
    found = answered("compare", unpruned, chosen, "--margin", "0.5")
    assert set(found) == {
        "metric", "baseline", "candidate", "difference", "margin", "verdict", "elsewhere",
        "sentence",
    }  # fmt: skip
    assert [one["metric"] for one in found["elsewhere"]][:2] == [
        "accuracy",
        "balanced_accuracy",
    ]
    assert set(found["difference"]) >= {
        "value", "low", "high", "level", "method", "studies", "patients",
    }  # fmt: skip
    assert (found["metric"], found["margin"]) == ("macro_auc", 0.5)


@pytest.mark.parametrize(("shift", "code"), [(0.0, 0), (1.0, 4)], ids=["as good", "much worse"])
def test_compare_ends_with_four_unless_non_inferiority_is_shown(
    tmp_path: Path, shift: float, code: int
) -> None:
    rows = []
    for n in range(400):
        label = "ab"[n % 2]
        p_a = 0.8 if label == "a" else 0.2 + 0.001 * (n % 7)
        rows.append({"study_id": n, "patient_id": n, "label": label, "p_a": p_a})
    for name, by in (("a.csv", 0.0), ("b.csv", shift)):
        changed = [{**row, "p_a": abs(by - row["p_a"])} for row in rows]
        table = [{**row, "p_b": 1 - row["p_a"]} for row in changed]
        write_table(tmp_path / name, list(table[0]), table)
    result = leanlung("compare", tmp_path / "a.csv", tmp_path / "b.csv", "--margin", "0.05")
    assert result.exit_code == code, result.output
    assert "verdict: " in result.stdout
    assert "400 studies of 400 patients" in result.stdout


def test_compare_takes_a_run_and_a_bundle_too(finished: Path, films: Path) -> None:
    found = answered("compare", finished, finished, "--margin", "0.99")
    assert found["difference"]["value"] == 0.0
    bundle = bundle_of(finished)
    found = answered("compare", bundle, bundle, "--data", films, "--margin", "0.99")
    assert found["difference"]["studies"] == 60


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--margin", "0"], "margin"),
        (["--metric", "macro_uac"], "did you mean 'macro_auc'?"),
    ],
)
def test_compare_refuses_what_makes_no_sense(
    finished: Path, options: list[str], told: str
) -> None:
    result = leanlung("compare", *predictions_of(finished), *options)
    assert result.exit_code == 1
    assert told in result.stderr


def test_predict_answers_images_of_any_size(
    finished: Path, films: Path, tmp_path: Path
) -> None:
    from PIL import Image

    large = tmp_path / "large.jpg"
    Image.open(films / "films/000-0.png").resize((300, 200)).save(large)
    found = answered("predict", bundle_of(finished), films / "films/000-0.png", large)
    assert [set(one["probabilities"]) for one in found] == [{"upper", "lower"}] * 2
    result = leanlung("predict", bundle_of(finished), large)
    assert result.exit_code == 0
    assert "Research use only" in result.stderr


def test_predict_tells_bad_images_and_answers_the_others(finished: Path, films: Path) -> None:
    bad = films / "bad.png"
    bad.write_bytes(b"no")
    result = leanlung("predict", bundle_of(finished), bad, films / "films/000-0.png")
    assert result.exit_code == 1
    assert "bad.png" in result.stderr
    assert "upper" in result.stdout


def test_predict_cuts_no_name_off(finished: Path, films: Path) -> None:
    deep = films / ("a-long-name-" * 12)
    deep.mkdir()
    film = deep / "film.png"
    film.write_bytes((films / "films/000-0.png").read_bytes())
    told = leanlung("predict", bundle_of(finished), film).stdout
    first = "".join(line[1:].split(" ")[0] for line in told.splitlines()[1:])
    assert first == str(film)


def test_predict_prints_no_table_of_nothing(finished: Path, films: Path) -> None:
    assert leanlung("predict", bundle_of(finished), films / "none.png").stdout == ""


def test_predict_refuses_what_is_no_bundle(tmp_path: Path) -> None:
    result = leanlung("predict", tmp_path, tmp_path / "x.png")
    assert result.exit_code == 1
    assert "no bundle" in result.stderr


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


def test_a_bug_ends_with_seventy_and_says_what_to_report(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_folder: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("leanlung.runs.summary_of", broken)
    result = leanlung("show", finished)
    assert result.exit_code == 70
    assert "ZeroDivisionError" in result.stderr
    assert "This is a bug in leanlung" in result.stderr


def test_ctrl_c_ends_with_a_word_on_going_on(
    films: Path, recipe_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("leanlung.runs.run", interrupted)
    result = leanlung("run", recipe_file, "--data", films, "--out", films.parent / "runs")
    assert result.exit_code == 130
    assert "run the same command again" in result.stderr


def imported_by(code: str, *arguments: Path) -> set[str]:
    script = f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True, text=True, check=False, env=os.environ,
    )  # fmt: skip
    return set(done.stderr.split())


HEAVY = {"torch", "torchvision", "timm", "pydicom", "matplotlib", "pandas", "sklearn", "cv2"}


def test_help_imports_nothing_heavy() -> None:
    code = """
from leanlung.cli import main
sys.argv = ["leanlung", "--help"]
try:
    main()
except SystemExit:
    pass
"""
    loaded = imported_by(code)
    assert "typer" in loaded
    assert HEAVY.isdisjoint(loaded)


def test_comparing_two_tables_imports_nothing_heavy(finished: Path) -> None:
    code = """
from leanlung.cli import main
sys.argv = ["leanlung", "compare", *sys.argv[1:]]
try:
    main()
except SystemExit:
    pass
"""
    loaded = imported_by(code, *predictions_of(finished))
    assert "leanlung.statistics" in loaded
    assert HEAVY.isdisjoint(loaded)


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "leanlung", "--version"],
        capture_output=True, text=True, check=True, env=os.environ,
    )  # fmt: skip
    assert done.stdout.strip() == f"leanlung {__version__}"
