"""``leanlung compare`` pairs files, runs and bundles, and ends as the verdict says."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leanlung.cli.app import app
from leanlung.foundations.tables import write_table


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


def test_compare_prints_the_comparison_by_its_field_names(finished: Path) -> None:
    unpruned, chosen = predictions_of(finished)
    found = answered("compare", unpruned, chosen, "--margin", "0.5")
    assert set(found) == {
        "metric", "baseline", "candidate", "difference", "margin", "verdict", "elsewhere",
        "sentence", "evidence", "others", "shown", "largest_change",
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
        (["--margin", "-0.02"], "margin"),
        (["--level", "95"], "for 95 % write 0.95"),
        (["--resamples", "3"], "too few"),
        (["--threshold", "upper=high"], "CLASS=0.31 for both models"),
        (["--metric", "accuracy", "--metric", "accuracy"], "every metric once"),
        (["--margin", "0.1", "--margin", "0.2"], "2 margins for the metrics"),
    ],
)
def test_compare_refuses_numbers_that_make_no_sense(
    finished: Path, options: list[str], told: str
) -> None:
    result = leanlung("compare", *predictions_of(finished), *options)
    assert result.exit_code == 2
    assert told in result.stderr


def test_compare_refuses_a_metric_that_it_does_not_know(finished: Path) -> None:
    options = ["--metric", "macro_uac"]
    result = leanlung("compare", *predictions_of(finished), *options)
    assert result.exit_code == 1
    assert "did you mean 'macro_auc'?" in result.stderr
