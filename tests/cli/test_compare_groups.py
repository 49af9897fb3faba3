"""``leanlung compare --by``: the same question in every group."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from leanlung.cli.app import app
from leanlung.statistics import Predictions, write_predictions


def leanlung(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Two models on 200 patients, and a manifest with their sex, age and one rare view."""
    names = tuple(f"f{row}" for row in range(200))
    labels = np.arange(200) % 2
    for model, seed in (("a", 0), ("b", 1)):
        odds = np.random.default_rng(seed).normal(1.0, 1.0, 200) * (2 * labels - 1)
        share = 1 / (1 + np.exp(-odds))
        predictions = Predictions(
            model, ("normal", "covid"), names, names, labels,
            np.stack([1 - share, share], axis=1),
        )  # fmt: skip
        write_predictions(tmp_path / f"{model}.csv", predictions)
    rows = ["study_id,sex,age,view"]
    rows += [
        f"{name},{'FM'[row // 2 % 2]},{row % 90},{'AP' if row < 4 else 'PA'}"
        for row, name in enumerate(names)
    ]
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def compare(desk: Path, *arguments: object) -> Result:
    return leanlung("compare", desk / "a.csv", desk / "b.csv", "--margin", 0.2, *arguments)


def test_groups_come_with_the_answer(desk: Path) -> None:
    done = compare(
        desk, "--groups", desk / "manifest.csv", "--by", "sex", "--by", "sex,view", "--json"
    )
    assert done.exit_code in {0, 4}, done.output
    groups = json.loads(done.stdout)["groups"]
    assert [group["name"] for group in groups["groups"]] == [
        "sex=female", "sex=male", "sex=female, view=AP", "sex=female, view=PA",
        "sex=male, view=AP", "sex=male, view=PA",
    ]  # fmt: skip
    assert groups["margin"] == 0.2


def test_they_are_told_with_the_worst_and_those_too_few(desk: Path) -> None:
    done = compare(desk, "--groups", desk / "manifest.csv", "--by", "view", "--by", "age")
    assert "too few to say: view=AP, 2 of the 10 patients" in done.stdout
    assert "age=18-39" in done.stdout
    assert "worst of " in done.stdout


def test_the_verdict_of_the_whole_sets_the_exit_code(desk: Path) -> None:
    plain, grouped = compare(desk), compare(desk, "--by", "class")
    assert plain.exit_code == grouped.exit_code
    assert "class=covid" in grouped.stdout


def test_several_seeds_have_no_groups(desk: Path) -> None:
    done = leanlung("compare", "--paired", desk / "manifest.csv", "--by", "class")
    assert done.exit_code == 2
    assert "--by: these are of one set of predictions each of A and B" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--by", "sexx", "--groups", "manifest.csv"), "did you mean 'sex'"),
        (("--by", "sex"), "give the manifest that tells them, --groups manifest.csv"),
        (("--by", "sex,", "--groups", "manifest.csv"), "name the columns to group by"),
        (("--groups", "manifest.csv"), "name the columns to group by"),
    ],
)
def test_what_does_not_fit_is_a_mistake_of_the_command(
    desk: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(desk)
    done = compare(desk, *arguments)
    assert done.exit_code == 2
    assert message in done.stderr
