"""``leanlung compare A B``: several metrics, thresholds, a gate for build servers."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from leanlung.cli.app import app
from leanlung.foundations.tables import write_table

WORKFLOW = Path(__file__).parents[2] / "examples" / "gate-model-change.yml"


def leanlung(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def write_model(
    path: Path, *, shift: float = 0.0, n: int = 600, prefix: str = "", part: str = ""
) -> Path:
    """A model that finds pneumonia less and less often, the larger the shift."""
    generator = np.random.default_rng(n)
    ill = generator.integers(0, 2, n)
    evidence = 4.0 * ill - 2.0 + generator.normal(0, 1.2, n) - shift * ill
    rows = [
        {
            "study_id": f"{prefix}f{row}",
            "patient_id": f"{prefix}p{row}",
            "label": ("normal", "pneumonia")[label],
            "p_normal": 1 - p,
            "p_pneumonia": p,
        }
        | ({"part": part} if part else {})
        for row, (label, p) in enumerate(
            zip(ill.tolist(), (1 / (1 + np.exp(-evidence))).tolist(), strict=True)
        )
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_table(path, list(rows[0]), rows)
    return path


@pytest.fixture
def a(tmp_path: Path) -> Path:
    return write_model(tmp_path / "a.csv")


@pytest.fixture
def b(tmp_path: Path) -> Path:
    return write_model(tmp_path / "b.csv", shift=0.05)


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    return write_model(tmp_path / "bad.csv", shift=2.0)


def test_several_metrics_each_have_a_verdict_and_holm_corrects_them(a: Path, b: Path) -> None:
    options = ["--metric", "macro_auc", "--metric", "accuracy", "--margin", "0.05"]
    found = json.loads(leanlung("compare", a, b, *options, "--json").stdout)
    assert found["metric"] == "macro_auc"
    assert found["evidence"]["p_holm"] >= found["evidence"]["p_non_inferior"]
    [other] = found["others"]
    assert (other["metric"], other["margin"]) == ("accuracy", 0.05)
    assert set(other["evidence"]["tests"]) == {"mcnemar_exact", "mcnemar_mid_p"}
    assert "accuracy" not in [one["metric"] for one in found["elsewhere"]]
    told = leanlung("compare", a, b, *options).stdout
    assert told.count("verdict: ") == 2
    assert "after Holm over 2 metrics" in told
    assert "Power: with " in told


def test_one_metric_that_is_not_shown_is_enough_to_end_with_four(a: Path, bad: Path) -> None:
    metrics = ["--metric", "macro_auc", "--metric", "sensitivity:pneumonia"]
    assert leanlung("compare", a, bad, *metrics, "--margin", "0.3").exit_code == 4
    assert leanlung("compare", a, bad, *metrics[:2], "--margin", "0.3").exit_code == 0


def test_equivalence_is_asked_for_by_name(a: Path, bad: Path) -> None:
    options = ["--metric", "accuracy", "--margin", "0.05"]
    assert leanlung("compare", bad, a, *options).exit_code == 0
    result = leanlung("compare", bad, a, *options, "--equivalence")
    assert result.exit_code == 4
    assert "equivalence not shown within ±0.05" in result.stdout


def test_thresholds_come_from_the_command_line_or_from_json(
    a: Path, b: Path, tmp_path: Path
) -> None:
    metric = ["--metric", "sensitivity_at_threshold:pneumonia", "--margin", "0.1", "--json"]

    def found(*options: str) -> dict[str, Any]:
        return json.loads(leanlung("compare", a, b, *metric, *options).stdout)

    given = found("--threshold", "pneumonia=0.3/0.4")
    assert given["difference"]["method"].endswith("; thresholds 0.3 and 0.4, as given")
    both, other = tmp_path / "one.json", tmp_path / "two.json"
    both.write_text('{"pneumonia": 0.3}')
    other.write_text('{"thresholds": {"pneumonia": 0.4}, "part": "validation"}')
    assert found("--threshold", str(both)) == found("--threshold", "pneumonia=0.3")
    assert found("--threshold", str(both), "--threshold", str(other)) == given


def test_thresholds_are_chosen_on_validation(a: Path, b: Path, tmp_path: Path) -> None:
    names = [
        write_model(tmp_path / f"{name}_val.csv", shift=shift, n=300, prefix="v")
        for name, shift in (("a", 0.0), ("b", 0.05))
    ]
    metric = ["--metric", "sensitivity_at_specificity:pneumonia@0.9", "--margin", "0.1"]
    result = leanlung("compare", a, b, *metric, "--validation", *names)
    assert "from validation" in result.stdout
    assert "optimistic" in leanlung("compare", a, b, *metric).stdout
    result = leanlung("compare", a, b, *metric, "--validation", a, b)
    assert result.exit_code == 3
    assert "a threshold comes from other patients" in result.stderr


@pytest.mark.parametrize("told_by", ["name", "column"])
def test_thresholds_of_the_test_part_are_refused(tmp_path: Path, told_by: str) -> None:
    tested = [
        write_model(
            tmp_path / (f"predictions-{name}-test.csv" if told_by == "name" else f"{name}.csv"),
            part="test" if told_by == "column" else "",
        )
        for name in "ab"
    ]
    metric = ["--metric", "sensitivity_at_specificity:pneumonia@0.9"]
    result = leanlung("compare", *tested, *metric)
    assert result.exit_code == 3
    assert "give predictions on validation" in result.stderr
    chosen = tmp_path / "thresholds.json"
    chosen.write_text('{"pneumonia": 0.3, "part": "test"}')
    result = leanlung("compare", *tested, "--threshold", chosen)
    assert result.exit_code == 3
    assert "chosen on a test part" in result.stderr


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        (("f7,p7", "f6,p7"), 3, "study id 'f6' stands 2 times"),
        (("f7,p7", "x7,p7"), 1, "1 studies ('f7') only in a, 1 studies ('x7') only in"),
        (("f7,p7", "f7,q7"), 1, "the patient differs for 1 studies ('f7')"),
        (("p_pneumonia", "p_covid"), 1, "'pneumonia', which is none of the classes"),
        (("f7,p7,pneumonia", "f7,p7,oedema"), 1, "which is none of the classes"),
    ],
)
def test_bad_input_is_told_with_its_code(
    a: Path, b: Path, change: tuple[str, str], code: int, told: str
) -> None:
    text = b.read_text()
    assert change[0] in text
    b.write_text(text.replace(*change))
    result = leanlung("compare", a, b)
    assert result.exit_code == code
    assert told in result.stderr


def test_one_class_only_is_told(a: Path, b: Path) -> None:
    for path in (a, b):
        lines = path.read_text().splitlines()
        path.write_text("\n".join(line for line in lines if ",pneumonia," not in line) + "\n")
    result = leanlung("compare", a, b)
    assert result.exit_code == 4
    assert "it takes studies of two classes" in result.stdout


def test_build_servers_get_a_case_for_every_verdict(a: Path, bad: Path, tmp_path: Path) -> None:
    junit = tmp_path / "new" / "verdicts.xml"
    options = ["--metric", "macro_auc", "--metric", "sensitivity:pneumonia", "--margin", "0.3"]
    assert leanlung("compare", a, bad, *options, "--junit", junit).exit_code == 4
    root = ElementTree.parse(junit).getroot()
    suite = root[0]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    passed, failed = suite.iter("testcase")
    assert passed.get("name") == "macro_auc within 0.3"
    assert passed.get("classname") == "bad against a"
    assert passed.find("failure") is None
    assert failed.find("failure").get("message").startswith("bad is inferior to a")


def test_the_example_workflow_runs(
    a: Path, b: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    [job] = workflow["jobs"].values()
    commands = [step["run"] for step in job["steps"] if "run" in step]
    [command] = [one for one in commands if one.startswith("leanlung ")]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "predictions").mkdir()
    a.rename(tmp_path / "predictions/in-use.csv")
    b.rename(tmp_path / "predictions/candidate.csv")
    result = leanlung(*shlex.split(command)[1:])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "verdicts.xml").is_file()
    kept = [step["with"]["path"] for step in job["steps"] if "upload" in step.get("uses", "")]
    assert kept == ["verdicts.xml"]


def test_where_every_answer_is_the_same_the_largest_change_is_told(
    a: Path, b: Path, tmp_path: Path
) -> None:
    lines = a.read_text().splitlines()
    cells = lines[1].split(",")
    cells[3:] = [str(float(cells[3]) + 2e-6), str(float(cells[4]) - 2e-6)]
    near = tmp_path / "near.csv"
    near.write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n")
    told = "every study is answered alike; largest change of a probability: 2.0e-06"
    assert told in " ".join(leanlung("compare", a, near).stdout.split())
    found = json.loads(leanlung("compare", a, near, "--json").stdout)
    assert found["largest_change"] == pytest.approx(2e-6)
    assert "largest change" not in leanlung("compare", a, b).stdout
    assert json.loads(leanlung("compare", a, b, "--json").stdout)["largest_change"] is None
