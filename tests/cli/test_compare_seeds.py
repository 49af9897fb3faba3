"""``compare`` of several seeds: folders of predictions, and runs."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from leanlung.cli.app import app
from leanlung.runs.sources import predictions_by_seed
from leanlung.statistics import Predictions, write_predictions

QUICK = ("--resamples", "100", "--metric", "accuracy")


def leanlung(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def answers(seed: int) -> Predictions:
    labels = np.arange(80) % 2
    p = np.clip(
        0.5 + 0.4 * (labels - 0.5) + np.random.default_rng(seed).normal(0, 0.2, 80), 0, 1
    )
    ids = tuple(f"s{n}" for n in range(80))
    return Predictions("m", ("a", "b"), ids, ids, labels, np.stack([1 - p, p], axis=1))


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Folders large and small of three seeds each, and one table alone."""
    for name, first in (("large", 0), ("small", 10)):
        (tmp_path / name).mkdir()
        for seed in range(3):
            write_predictions(tmp_path / name / f"seed-{seed}.csv", answers(first + seed))
    write_predictions(tmp_path / "alone.csv", answers(99))
    return tmp_path


def test_two_folders_are_compared_seed_by_seed(desk: Path) -> None:
    words = ("compare", desk / "large", desk / "small", "--margin", "0.5", *QUICK)
    result = leanlung(*words)
    assert result.exit_code == 0, result.output
    assert "seed-2" in result.stdout
    assert "A large, B small" in result.stdout
    assert "verdict: non_inferior" in result.stdout
    assert "Over 3 seeds the difference runs from" in result.stdout
    found = json.loads(leanlung(*words, "--json").stdout)
    assert found["difference"]["name"] == "small minus large"
    assert [one["seed"] for one in found["seeds"]] == ["seed-0", "seed-1", "seed-2"]
    assert found["spread"]["between_seeds"] > 0
    assert found["elsewhere"][0]["metric"] == "balanced_accuracy"
    assert "mean of 3 seeds" in found["sentence"]


def test_what_is_not_shown_ends_with_four(desk: Path) -> None:
    result = leanlung("compare", desk / "large", desk / "small", "--margin", "0.001", *QUICK)
    assert result.exit_code == 4, result.output


def test_a_build_server_sees_the_verdict_over_seeds(desk: Path) -> None:
    junit = desk / "verdicts.xml"
    words = ("compare", desk / "large", desk / "small", *QUICK, "--junit", junit)
    assert leanlung(*words, "--margin", "0.001").exit_code == 4
    [case] = ElementTree.parse(junit).getroot().iter("testcase")
    assert case.get("name") == "accuracy within 0.001"
    assert case.find("failure") is not None
    assert leanlung(*words, "--margin", "0.5").exit_code == 0
    [case] = ElementTree.parse(junit).getroot().iter("testcase")
    assert case.find("failure") is None


@pytest.mark.parametrize(
    "option", [("--threshold", "a=0.5"), ("--validation", "a.csv", "b.csv"), ("--equivalence",)]
)
def test_options_of_a_single_pair_are_refused_for_seeds(
    desk: Path, option: tuple[str, ...]
) -> None:
    result = leanlung("compare", desk / "large", desk / "small", *QUICK, *option)
    assert result.exit_code == 2
    assert f"{option[0]}: these are of one set of predictions each of A and B" in result.stderr


def test_one_table_stands_beside_a_folder(desk: Path) -> None:
    result = leanlung(
        "compare", desk / "alone.csv", desk / "small", "--margin", "0.5", *QUICK, "--json"
    )
    found = json.loads(result.stdout)
    assert found["baseline"]["name"] == "alone"
    assert len({one["baseline"] for one in found["seeds"]}) == 1


def test_seeds_of_other_names_are_told(desk: Path) -> None:
    (desk / "small" / "seed-2.csv").rename(desk / "small" / "seed-7.csv")
    result = leanlung("compare", desk / "large", desk / "small", *QUICK)
    assert result.exit_code == 1
    assert "['seed-2'] only of the baseline and ['seed-7']" in result.stderr


def test_an_empty_folder_is_told(desk: Path) -> None:
    (desk / "none").mkdir()
    result = leanlung("compare", desk / "none", desk / "small")
    assert result.exit_code == 2
    assert "no run folder" in result.stderr


@pytest.fixture
def two_seeds(finished: Path, tmp_path: Path) -> Path:
    """A run of two seeds: the second is the first, copied."""
    run = tmp_path / "twice"
    shutil.copytree(finished, run, symlinks=True)
    shutil.copytree(run / "seed-0", run / "seed-1")
    metrics = json.loads((run / "metrics.json").read_text())
    metrics["seeds"]["1"] = metrics["seeds"]["0"]
    (run / "metrics.json").write_text(json.dumps(metrics))
    return run


def test_a_run_gives_the_predictions_of_every_seed(two_seeds: Path) -> None:
    found = predictions_by_seed(two_seeds, None)
    assert list(found) == ["0", "1"]
    assert found["1"].study_ids == found["0"].study_ids


def test_two_runs_of_several_seeds_are_compared_by_seed(two_seeds: Path) -> None:
    result = leanlung("compare", two_seeds, two_seeds, "--margin", "0.9", *QUICK, "--json")
    found = json.loads(result.stdout)
    assert [one["seed"] for one in found["seeds"]] == ["0", "1"]
    assert found["spread"] == {"between_seeds": 0.0, "seeds_error": 0.0, "patients_error": 0.0}
