"""Evidence beside the verdict: what a run writes of groups, flips, calibration, thresholds."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from pydantic import ValidationError

from leanlung.exports import load_bundle
from leanlung.foundations.errors import RecipeError, StudyError
from leanlung.foundations.tables import read_table
from leanlung.runs.evidence import (
    Intervals,
    calibration_of,
    flips_of,
    group_cells,
    groupings,
    groups_of,
    require_groups,
    threshold_changes,
)
from leanlung.runs.evidence_tables import COLUMNS, evidence_rows
from leanlung.runs.folder import SeedFolder
from leanlung.runs.reading import read_recipe
from leanlung.runs.recipe import EvaluateSection
from leanlung.runs.seeds_apart import exemplars_of
from leanlung.statistics import Predictions, measure, read_predictions, write_predictions
from leanlung.statistics.readout import Readout
from leanlung.statistics.thresholds import called
from leanlung.studies.study import Cohort, Study

INTERVALS = Intervals(0.95, 200, 0)
CLASSES = ("normal", "covid")


def drawn(model: str, seed: int, part: str = "test", studies: int = 120) -> Predictions:
    names = tuple(f"{part}-{row}" for row in range(studies))
    labels = np.arange(studies) % 2
    odds = np.random.default_rng(seed).normal(1.0, 1.5, studies) * (2 * labels - 1)
    share = 1 / (1 + np.exp(-odds))
    return Predictions(
        model, CLASSES, names, names, labels, np.stack([1 - share, share], axis=1)
    )


def recipe(**evaluate: object) -> SimpleNamespace:
    return SimpleNamespace(evaluate=EvaluateSection(margin=0.1, resamples=200, **evaluate))


def study(number: int, **attributes: str) -> Study:
    return Study(
        f"test-{number}", f"p{number}", Path(f"{number}.png"), "covid", attributes=attributes
    )


@pytest.fixture(scope="module")
def results() -> dict:
    pair = [drawn("unpruned", 0), drawn("round-01", 1)]
    readouts = [Readout.of(drawn(each.model, n + 5, "val")) for n, each in enumerate(pair)]
    cells = {"sex": {f"test-{n}": "FM"[n % 4 > 1] for n in range(120)}}
    measured = {
        "groups": groups_of(pair, recipe(), cells, INTERVALS),
        "flips": flips_of(pair, recipe()),
        "threshold_changes": threshold_changes(pair, readouts, INTERVALS),
        "models": {
            each.model: {"calibration": calibration_of(each, readout, INTERVALS)}
            for each, readout in zip(pair, readouts, strict=True)
        },
    }
    return json.loads(json.dumps({"seeds": {"0": measured}, "exemplars": None}))


def test_the_usual_columns_are_grouped_by_where_they_are_there() -> None:
    studies = [study(0, sex="F", view="PA", scanner="X"), study(1, sex="", age="n/a")]
    cells = group_cells(recipe(), studies)
    assert cells == {"view": {"test-0": "PA"}, "sex": {"test-0": "F"}}
    assert groupings(recipe(), cells) == [("class",), ("view",), ("sex",)]


def test_a_recipe_may_ask_for_more() -> None:
    asked = recipe(groups=["scanner", "sex, age"])
    cells = group_cells(asked, [study(0, sex="F", scanner="X", age="")])
    assert groupings(asked, cells) == [
        ("class",), ("sex",), ("age",), ("scanner",), ("sex", "age"),
    ]  # fmt: skip


def test_a_column_that_the_data_lack_is_named() -> None:
    cohort = Cohort("films", ("covid",), (study(0, sex="F", scanner="X"),))
    require_groups(recipe(groups=["sex,class"]), cohort)
    message = r"films: evaluate.groups names column 'scaner'; .* did you mean 'scanner'"
    with pytest.raises(StudyError, match=message):
        require_groups(recipe(groups=["scaner"]), cohort)


@pytest.mark.parametrize("groups", [[""], ["sex,"], ["sex, sex"]])
def test_groups_that_name_no_columns_are_mistakes(groups: list[str]) -> None:
    with pytest.raises(ValidationError, match="names of different columns, parted by commas"):
        EvaluateSection(groups=groups)


def test_a_healthy_class_that_is_none_is_a_mistake(recipe_file: Path) -> None:
    assert read_recipe(recipe_file, ["evaluate.healthy=upper"]).evaluate.healthy == "upper"
    with pytest.raises(RecipeError, match=r"evaluate.healthy: .* did you mean 'upper'"):
        read_recipe(recipe_file, ["evaluate.healthy=uper"])


def test_groups_are_judged_by_the_metric_and_by_accuracy(results: dict) -> None:
    tables = results["seeds"]["0"]["groups"]
    assert [table["metric"] for table in tables] == ["macro_auc", "accuracy"]
    assert [group["name"] for group in tables[0]["groups"]] == [
        "class=covid", "class=normal", "sex=female", "sex=male",
    ]  # fmt: skip
    assert sum(group["studies"] for group in tables[0]["groups"]) == 240


def test_a_temperature_changes_confidence_and_no_answer(results: dict) -> None:
    validation = drawn("small", 3, "val")
    sharp = replace(
        validation,
        probabilities=validation.probabilities**4
        / (validation.probabilities**4).sum(axis=1, keepdims=True),
    )
    test = drawn("small", 4)
    sharp_test = replace(
        test,
        probabilities=test.probabilities**4
        / (test.probabilities**4).sum(axis=1, keepdims=True),
    )
    found = calibration_of(sharp_test, Readout.of(sharp), INTERVALS)
    assert found["temperature"]["value"] > 2
    assert found["calibrated"]["ece"] < found["raw"]["ece"]
    assert found["calibrated"]["brier"] < found["raw"]["brier"]
    slopes = [found[kind]["slope"]["value"] for kind in ("raw", "calibrated")]
    assert slopes[1] == pytest.approx(slopes[0] * found["temperature"]["value"], rel=1e-3)
    assert found["raw"]["brier_parts"]["uncertainty"] == pytest.approx(0.5)


def test_thresholds_are_those_of_validation_and_measured_on_test(results: dict) -> None:
    point = results["seeds"]["0"]["models"]["round-01"]["calibration"]["thresholds"][0]
    readout = Readout.of(drawn("round-01", 6, "val"))
    assert point["threshold"] == readout.thresholds[0].as_dict()
    (sensitivity,) = measure(
        called(drawn("round-01", 1), readout.thresholds[0]), metrics=["sensitivity:normal"]
    )
    assert point["sensitivity"]["value"] == sensitivity.value
    assert [one["prevalence"] for one in point["predictive_values"]] == [0.01, 0.05, 0.2]


def test_changes_at_thresholds_are_between_the_two_networks(results: dict) -> None:
    measured = results["seeds"]["0"]
    for number, change in enumerate(measured["threshold_changes"]):
        before, after = (
            model["calibration"]["thresholds"][number] for model in measured["models"].values()
        )
        for figure in ("sensitivity", "specificity"):
            assert change[figure]["value"] == pytest.approx(
                after[figure]["value"] - before[figure]["value"]
            )
        assert change["thresholds"] == [
            before["threshold"]["value"], after["threshold"]["value"],
        ]  # fmt: skip


def test_every_table_fits_its_columns(results: dict) -> None:
    rows = evidence_rows(results)
    assert set(rows) == set(COLUMNS)
    for name, found in rows.items():
        assert {key for row in found for key in row} <= set(COLUMNS[name])
    counts = {name: len(found) for name, found in rows.items()}
    measured = results["seeds"]["0"]
    assert counts["groups"] == 8
    assert counts["flips"] == len(measured["flips"]["cases"]) > 0
    assert counts["flip-counts"] == 3
    # a temperature; twice ece, brier, four parts, a slope, two lines of three
    assert counts["calibration"] == 2 * (1 + 2 * (2 + 4 + 1 + 6))
    # two classes by two rules, each with two shares and three prevalences of two values
    assert counts["thresholds"] == 2 * 4 * (2 + 6)
    assert counts["exemplars"] == 0


def test_the_rows_of_groups_are_their_figures(results: dict) -> None:
    row = evidence_rows(results)["groups"][2]
    group = results["seeds"]["0"]["groups"][0]["groups"][2]
    assert (row["seed"], row["group"], row["metric"]) == ("0", "sex=female", "macro_auc")
    assert row["difference"] == group["comparison"]["difference"]["value"]
    assert row["verdict"] == group["comparison"]["verdict"]
    assert row["p_holm"] == group["p_holm"]


def seed_folder(path: Path, chosen: str, networks: dict[str, Predictions]) -> SeedFolder:
    here = SeedFolder(path)
    here.choose.mkdir(parents=True)
    (here.choose / "choice.json").write_text(json.dumps({"chosen": chosen}))
    for name, predictions in networks.items():
        write_predictions(here.evaluate / f"predictions-{name}-test.csv", predictions)
    return here


def test_several_seeds_have_exemplars(tmp_path: Path) -> None:
    seeds = [
        seed_folder(
            tmp_path / str(n),
            "round-01",
            {"unpruned": drawn("unpruned", n), "round-01": drawn("round-01", n + 10)},
        )
        for n in range(3)
    ]
    found = exemplars_of(seeds)
    assert found is not None
    assert (found["networks"], found["studies"]) == (3, 120)
    assert exemplars_of(seeds[:1]) is None
    told = evidence_rows({"seeds": {}, "exemplars": found})["exemplars"]
    assert {key for row in told for key in row} <= set(COLUMNS["exemplars"])


def test_where_every_seed_kept_the_whole_there_is_none(tmp_path: Path) -> None:
    seeds = [
        seed_folder(tmp_path / str(n), "unpruned", {"unpruned": drawn("unpruned", n)})
        for n in range(2)
    ]
    assert exemplars_of(seeds) is None


def test_readouts_are_on_disk_beside_the_choice_and_in_the_bundle(finished: Path) -> None:
    here = SeedFolder(finished / "seed-0")
    chosen = json.loads((here.choose / "choice.json").read_text())["chosen"]
    told = json.loads((here.choose / "readouts.json").read_text())
    assert set(told) == {"unpruned", chosen}
    step = here.path / "3-prune/separable_cnn" / chosen
    folder = step if step.is_dir() else here.fit("separable_cnn")
    validation = read_predictions(folder / "predictions-validation.csv")
    assert Readout.from_dict(told[chosen]) == Readout.of(validation)
    assert load_bundle(here.bundle).readout == Readout.of(validation)


def test_a_run_writes_its_evidence(finished: Path) -> None:
    metrics = json.loads((finished / "metrics.json").read_text())
    assert metrics["exemplars"] is None
    measured = metrics["seeds"]["0"]
    assert [group["name"] for group in measured["groups"][0]["groups"]] == [
        "class=lower", "class=upper", "source=A", "source=B",
    ]  # fmt: skip
    assert measured["flips"]["healthy"] is None
    assert len(measured["threshold_changes"]) == 4
    rows = read_table(finished / "tables" / "thresholds.csv")
    assert {row["figure"] for row in rows} == {"sensitivity", "specificity", "ppv", "npv"}
