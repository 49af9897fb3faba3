"""``leanlung compare --per-patient``: slices in, a verdict on patients out."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from leanlung.cli.app import app
from leanlung.statistics import Predictions, write_predictions

PATIENTS, SLICES = 30, 4


def write(path: Path, first: int, noise: int) -> None:
    generator = np.random.default_rng(noise)
    patient = np.repeat(np.arange(PATIENTS), SLICES)
    place = np.tile(np.arange(SLICES), PATIENTS)
    labels = ((patient % 2 == 1) & (place < 2)).astype(int)  # half of an ill patient's slices
    ill = np.clip(0.2 + 0.5 * labels + generator.normal(0, 0.15, len(labels)), 0, 1)
    write_predictions(
        path,
        Predictions(
            path.stem,
            ("normal", "infected"),
            tuple(f"s{first + n}" for n in range(len(labels))),
            tuple(f"p{first + n}" for n in patient),
            labels,
            np.stack([1 - ill, ill], axis=1),
        ),
    )


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path / "a.csv", 0, 1)
    write(tmp_path / "b.csv", 0, 2)
    write(tmp_path / "va.csv", 1000, 3)
    write(tmp_path / "vb.csv", 1000, 4)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compared(*arguments: str) -> Result:
    options = ["--margin", "0.1", "--resamples", "100", *arguments]
    return CliRunner().invoke(app, ["compare", "a.csv", "b.csv", *options])


@pytest.mark.parametrize("rule", ["mean", "max", "noisy-or"])
def test_each_patient_is_one_study(desk: Path, rule: str) -> None:
    result = compared("--per-patient", rule, "--patient-label", "any", "--json")
    assert result.exit_code in {0, 4}, result.stderr
    found = json.loads(result.stdout)
    assert found["difference"]["studies"] == found["difference"]["patients"] == PATIENTS
    one, two = found["per_patient"]
    assert (one["studies"], one["patients"], one["label_rule"]) == (120, 30, "any")
    assert len(two["mixed"]) == len(two["one_class"]) == 15
    told = compared("--per-patient", rule, "--patient-label", "any").stdout
    assert "per patient: a: 120 studies of 30 patients (4 to 4 each)" in told


def test_without_it_slices_are_clusters(desk: Path) -> None:
    found = json.loads(compared("--json").stdout)
    assert found["difference"]["studies"] == 120
    assert "per_patient" not in found


def test_a_share_needs_a_frozen_threshold(desk: Path) -> None:
    labels = ("--patient-label", "any", "--per-patient", "share", "--json")
    refused = compared(*labels)
    assert refused.exit_code == 2
    assert "needs a threshold for single studies" in refused.stderr
    given = json.loads(compared(*labels, "--threshold", "infected=0.5/0.4").stdout)
    assert [one["threshold"] for one in given["per_patient"]] == [0.5, 0.4]
    frozen = json.loads(compared(*labels, "--validation", "va.csv", "vb.csv").stdout)
    assert all(0.2 < one["threshold"] < 0.7 for one in frozen["per_patient"])
    shared = compared(*labels, "--validation", "a.csv", "b.csv")
    assert shared.exit_code == 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--per-patient", "meen"), "did you mean 'mean'"),
        (("--patient-label", "any"), "are of --per-patient"),
        (("--per-patient", "mean", "--patient-label", "all"), "--patient-label all"),
        (("--per-patient", "mean", "--by", "class"), "give one or the other"),
        (("--per-patient", "share", "--threshold", "normal=0.1", "--of-class", "infected"),
         "thresholds are of"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_a_usage_error(
    desk: Path, arguments: tuple[str, ...], told: str
) -> None:
    result = compared(*arguments)
    assert result.exit_code == 2
    assert told in result.stderr


def test_labels_that_differ_within_a_patient_need_a_rule(desk: Path) -> None:
    result = compared("--per-patient", "mean")
    assert result.exit_code == 1
    assert "those of 15 of 30 patients differ" in result.stderr


def test_several_seeds_are_taken_to_patients_too(desk: Path) -> None:
    for side in "ab":
        (desk / side).mkdir()
        for seed in range(3):
            write(desk / side / f"{seed}.csv", 0, 10 * seed + ord(side))
    options = [
        "--per-patient",
        "mean",
        "--patient-label",
        "any",
        "--resamples",
        "100",
        "--json",
    ]
    result = CliRunner().invoke(app, ["compare", "a", "b", *options])
    found = json.loads(result.stdout)
    assert found["difference"]["studies"] == PATIENTS
    assert len(found["per_patient"]) == 6
