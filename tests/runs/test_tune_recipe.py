"""``leanlung tune`` on made-up chests: the best setting is found, written, and runs again."""

from __future__ import annotations

import csv
import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.testing import CliRunner, Result

from leanlung.cli.speaking import guarded
from leanlung.cli.tune import tune
from leanlung.foundations.errors import RecipeError
from leanlung.runs import Options, read_recipe, run
from leanlung.runs.tuning import tune as tune_recipe

if TYPE_CHECKING:
    from pathlib import Path

app = typer.Typer()
app.command("tune")(guarded(tune, goes_on=True))
app.command("other")(lambda: None)

RECIPE = """
name = "phantoms"
[data]
classes = ["normal", "lobar_consolidation"]
[data.phantoms]
patients = 40
classes = ["normal", "lobar_consolidation"]
[split]
train = 0.5
validation = 0.25
test = 0.25
[pixels]
size = 32
[network]
backbone = "separable_cnn"
[train]
epochs = 2
batch = 16
monitor = "macro_auc"
[prune]
rounds = 1
"""


def leanlung(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["tune", *[str(one) for one in arguments]])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tune")
    (folder / "phantoms.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def tuned(place: Path) -> dict[str, Any]:
    """What a search of two trials answers."""
    result = leanlung(
        place / "phantoms.toml", "--out", place / "runs", "--trials", 2, "--device", "cpu",
        "--set", "tune.first=table2", "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_two_trials_are_carried_out_and_the_better_one_is_the_best(
    tuned: dict[str, Any],
) -> None:
    assert [one["state"] for one in tuned["trials"]] == ["complete", "complete"]
    assert [one["epochs"] for one in tuned["trials"]] == [2, 2]
    assert tuned["metric"] == "macro_auc"
    assert tuned["best"]["value"] == max(one["value"] for one in tuned["trials"])
    assert tuned["trials"][0]["values"] == {
        "network.dropout": 0.5,
        "train.optimiser.kind": "sgd",
        "network.activation": "relu",
    }


def test_the_test_part_is_never_opened(tuned: dict[str, Any], place: Path) -> None:
    assert tuned["best"]
    assert list(place.rglob("openings.jsonl")) == []
    assert list(place.rglob("*test*")) == []


def test_every_file_tells_the_same(tuned: dict[str, Any], place: Path) -> None:
    folder = place / "runs" / tuned["folder"].split("/")[-2] / "tune"
    assert str(folder) == tuned["folder"]
    best = tomllib.loads((folder / "best.toml").read_text())
    values = tuned["best"]["values"]
    assert best["network"]["dropout"] == values["network.dropout"]
    assert best["train"]["optimiser"]["kind"] == values["train.optimiser.kind"]
    with (folder / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["value"]) for row in rows] == [one["value"] for one in tuned["trials"]]
    assert [row["network.activation"] for row in rows] == [
        one["values"]["network.activation"] for one in tuned["trials"]
    ]
    lines = (folder / "best.toml").read_text().splitlines()[1:]
    changed = read_recipe(place / "phantoms.toml", lines)  # as --set takes them
    written = read_recipe(folder / "recipe.toml")
    assert written == changed


def test_a_run_of_its_recipe_gives_the_value_of_the_best_trial_again(
    tuned: dict[str, Any], place: Path
) -> None:
    from pathlib import Path

    options = Options(data=None, out=place / "runs", until="fit", device="cpu")
    folder = run(Path(tuned["recipe"]), options)
    fitted = json.loads((folder.seed(0).fit("separable_cnn") / "candidate.json").read_text())
    assert fitted["validation"]["macro_auc"] == tuned["best"]["value"]


def test_started_again_it_goes_on_and_shows_the_best_first(
    tuned: dict[str, Any], place: Path
) -> None:
    result = leanlung(
        place / "phantoms.toml", "--out", place / "runs", "--trials", 3, "--device", "cpu",
        "--set", "tune.first=table2",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "3 of 3 trials: 3 complete" in result.stdout
    with (
        place / "runs" / tuned["folder"].split("/")[-2] / "tune" / "trials.csv"
    ).open() as file:
        values = [float(row["value"]) for row in csv.DictReader(file)]
    assert values[:2] == [one["value"] for one in tuned["trials"]]
    shown = [float(line.split()[2]) for line in result.stdout.splitlines()[1:4]]
    assert shown == sorted((round(value, 4) for value in values), reverse=True)


def test_table_2_is_taken_without_a_search(place: Path) -> None:
    out = place / "preset"
    result = leanlung(place / "phantoms.toml", "--preset", "table2", "--out", out)
    assert result.exit_code == 0, result.output
    assert "--set network.dropout=0.5" in result.stdout
    assert read_recipe(out / "phantoms-table2.toml").train.optimiser.kind == "sgd"
    wrong = leanlung(place / "phantoms.toml", "--preset", "table3", "--out", out)
    assert wrong.exit_code == 2
    assert "did you mean 'table2'" in wrong.stderr


def test_what_cannot_come_to_anything_is_told_before_anything_is_read(place: Path) -> None:
    changes = ["network.backbone=vgg16", "train.optimiser.kind=adam"]
    options = Options(data=None, out=place / "no", changes=changes)
    with pytest.raises(RecipeError, match="adam has none"):
        tune_recipe(place / "phantoms.toml", options)
    result = leanlung(
        place / "phantoms.toml", "--out", place / "no",
        "--set", "network.backbone=mobilenet_v2",
        "--set", 'tune.space.network.activation={kind="choice", of=["elu"]}',
    )  # fmt: skip
    assert result.exit_code == 1
    assert "comes with its own" in result.stderr
    assert not (place / "no").exists()
