"""A series on phantoms from end to end."""

from __future__ import annotations

import base64
import csv
import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors.torch import load_file

from leanlung.ensembles import read_out_of_fold
from leanlung.exports import load_bundle, load_ensemble
from leanlung.runs.candidates import load_candidate
from leanlung.runs.series import SeriesFolder
from leanlung.runs.series.reporting import write_series_report
from leanlung.statistics import read_predictions
from leanlung.studies.manifest import read_manifest
from leanlung.studies.seal import read_openings

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def run_of(folder: SeriesFolder, name: str) -> Path:
    return folder.path / str(read(folder.runs)[name])


def test_nothing_of_the_test_part_is_seen_before_all_is_chosen(
    chosen: tuple[Path, dict[str, bool]],
) -> None:
    assert chosen[1] == {
        "openings": False,
        "test predictions": False,
        "openings of a run": False,
    }


def test_the_networks_with_the_highest_validation_metric_go_on(
    finished_series: SeriesFolder,
) -> None:
    top = read(finished_series.top)
    values = {}
    for name in ("one", "two", "three"):
        fit = run_of(finished_series, f"pretrain/{name}") / "seed-0/2-fit/separable_cnn"
        values[name] = load_candidate(fit).validation["macro_auc"]
    best = sorted(values, key=lambda name: -values[name])
    assert {one["network"]: one["value"] for one in top["ranking"]} == values
    assert top["chosen"] == best[:2]
    runs = read(finished_series.runs)
    assert {name.split("/")[1] for name in runs if not name.startswith("pretrain")} == set(
        best[:2]
    )


def test_every_run_parts_its_patients_as_the_series_does(
    finished_series: SeriesFolder,
) -> None:
    whole = {
        s.study_id: s.attributes["split"] for s in read_manifest(finished_series.cohort).studies
    }
    patients: dict[str, set[str]] = {"train": set(), "validation": set(), "test": set()}
    compared = 0
    for name in read(finished_series.runs):
        for study in read_manifest(run_of(finished_series, name) / "cohort.csv").studies:
            part = study.attributes["split"]
            assert part == whole[study.study_id]
            patients[part].add(study.patient_id)
            compared += 1
    assert compared > 100
    assert not patients["train"] & patients["test"]
    assert not patients["train"] & patients["validation"]
    told = read(finished_series.data)["overlaps"]
    assert {one["shared"] for one in told} == {0}
    assert any(one["learns"] == "pretrain" and one["judged"] == "two-classes" for one in told)


def test_a_task_begins_with_the_pretrained_trunk_and_a_new_head(
    finished_series: SeriesFolder,
) -> None:
    name = read(finished_series.top)["chosen"][0]
    run = run_of(finished_series, f"three-classes/{name}")
    recipe = read(run / "recipe.resolved.json")
    assert (finished_series.path / recipe["network"]["weights"]).is_dir()
    fit = read(run / "seed-0/2-fit/separable_cnn/candidate.json")
    assert "the trunk of" in fit["weights"]
    assert "with a new head" in fit["weights"]
    before = load_file(
        run_of(finished_series, f"pretrain/{name}")
        / "seed-0/2-fit/separable_cnn/network.safetensors"
    )
    assert before["head.3.weight"].shape == (2, 256)


def test_the_chain_stands_in_the_history_of_the_bundle(finished_series: SeriesFolder) -> None:
    name = read(finished_series.top)["chosen"][0]
    bundle = load_bundle(
        run_of(finished_series, f"three-classes/{name}") / "seed-0/8-export/bundle"
    )
    told = [(entry["step"], entry["about"]) for entry in bundle.history]
    recipes = [about for step, about in told if step == "recipe"]
    assert recipes == [f"tiny-pretrain-{name}", f"tiny-three-classes-{name}"]
    assert ("prune", "nothing is removed") in told
    assert sum(step == "fit" for step, _ in told) == 2


def test_the_test_part_is_opened_once_for_what_was_fixed(
    finished_series: SeriesFolder,
) -> None:
    [opening] = read_openings(finished_series.openings)
    choice = read(finished_series.choice)
    assert opening["chosen"] == choice["chosen"]
    assert set(choice["fixed"]) == {
        "top",
        *read(finished_series.runs),
        "three-classes/ensembles",
    }


def test_ensembles_answer_with_the_stored_answers_of_their_members(
    finished_series: SeriesFolder,
) -> None:
    top = read(finished_series.top)["chosen"]
    answers = []
    for name in top:
        evaluate = run_of(finished_series, f"three-classes/{name}") / "seed-0/6-evaluate"
        answers.append(read_predictions(evaluate / "predictions-unpruned-test.csv"))
    found = finished_series.combined("three-classes")
    mean = read_predictions(found / "predictions-mean-unpruned-test.csv")
    assert mean.study_ids == answers[0].study_ids
    np.testing.assert_allclose(
        mean.probabilities, (answers[0].probabilities + answers[1].probabilities) / 2
    )
    told = read(finished_series.results)["tasks"][1]
    weights = next(one for one in told["weights"] if one["members"] == "unpruned")["weights"]
    assert list(weights) == top
    assert sum(weights.values()) == pytest.approx(1.0)
    weighted = read_predictions(found / "predictions-weighted-unpruned-test.csv")
    np.testing.assert_allclose(
        weighted.probabilities,
        sum(weights[n] * a.probabilities for n, a in zip(top, answers, strict=True)),
        atol=1e-9,
    )


def test_the_pruned_networks_are_handed_on_as_one(finished_series: SeriesFolder) -> None:
    bundle = load_ensemble(finished_series.ensemble_bundle("three-classes"))
    told = read(finished_series.results)["tasks"][1]
    weights = next(one for one in told["weights"] if one["members"] == "pruned")["weights"]
    assert tuple(bundle.members) == tuple(weights)
    assert bundle.combiner.weights == pytest.approx(tuple(weights.values()))  # type: ignore[attr-defined]
    for name, member in bundle.members.items():
        chosen = told["rows"][name]["chosen"]
        assert member.name == f"tiny-three-classes-{name}-{chosen}"
    assert bundle.seen is not None
    assert bundle.seen.studies == len(
        read_predictions(
            run_of(finished_series, f"three-classes/{next(iter(weights))}")
            / "seed-0/2-fit/separable_cnn/predictions-validation.csv"
        )
    )


def test_what_the_stacking_learnt_from_is_on_disk_study_by_study(
    finished_series: SeriesFolder,
) -> None:
    name = read(finished_series.top)["chosen"][0]
    found = read_out_of_fold(finished_series.out_of_fold("three-classes", name, "pruned"))
    parts = {
        study.study_id: study.attributes["split"]
        for study in read_manifest(finished_series.cohort).studies
    }
    assert {parts[study] for study in found.predictions.study_ids} == {"train"}
    assert sum(part == "train" for part in parts.values()) == len(found.predictions)


def test_every_accuracy_of_the_tables_is_counted_from_stored_answers(
    finished_series: SeriesFolder,
) -> None:
    with (finished_series.tables / "estimates.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["metric"] == "accuracy"]
    models = {(row["stage"], row["model"], row["kind"]) for row in rows}
    assert ("pretrain", "three", "unpruned") in models
    assert ("three-classes", "stacking", "pruned") in models
    for row in rows:
        right = float(row["value"]) * int(row["studies"])
        assert right == pytest.approx(round(right), abs=1e-9)
    ensembles = [row for row in rows if row["model"] == "vote"]
    assert len(ensembles) == 2
    for row in ensembles:
        path = finished_series.combined("three-classes") / (
            f"predictions-vote-{row['kind']}-test.csv"
        )
        answers = read_predictions(path)
        share = float((answers.predicted == answers.labels).mean())
        assert float(row["value"]) == pytest.approx(share)


def test_the_whole_pruning_curve_is_kept(finished_series: SeriesFolder) -> None:
    with (finished_series.tables / "pruning-curve.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["stage"] for row in rows} == {"three-classes", "over-the-network"}
    rows = [row for row in rows if row["stage"] == "three-classes"]
    for name in read(finished_series.top)["chosen"]:
        own = [row for row in rows if row["network"] == name]
        assert [row["round"] for row in own] == ["0", "1", "2"]
        sizes = [int(row["parameters"]) for row in own]
        assert sizes == sorted(sizes, reverse=True)
        assert sum(row["chosen"] == "1" for row in own) == 1


def test_two_ways_of_pruning_begin_with_the_same_fitted_network(
    finished_series: SeriesFolder,
) -> None:
    name = read(finished_series.top)["chosen"][0]
    steps = [
        read(run_of(finished_series, f"{task}/{name}") / "seed-0/2-fit/separable_cnn/step.json")
        for task in ("three-classes", "over-the-network")
    ]
    assert steps[0] == steps[1]  # seconds too: it was fitted once
    other = read(
        run_of(finished_series, f"two-classes/{name}") / "seed-0/2-fit/separable_cnn/step.json"
    )
    assert other != steps[0]


def test_overlays_that_somebody_drew_stand_on_the_page(
    finished_series: SeriesFolder, tmp_path: Path
) -> None:
    copy = SeriesFolder(tmp_path / "copy")
    copy.path.mkdir()
    for file in finished_series.path.glob("*.json*"):
        shutil.copy(file, copy.path / file.name)
    (copy.attention / "overlays").mkdir(parents=True)
    (copy.attention / "overlays" / "film-1.png").write_bytes(b"picture")
    write_series_report(copy)
    page = copy.report.read_text(encoding="utf-8")
    assert f"data:image/png;base64,{base64.b64encode(b'picture').decode()}" in page
    assert "Nobody asked" not in page
    assert "Nobody asked" in finished_series.report.read_text(encoding="utf-8")


def test_the_page_needs_no_other_file_and_sets_the_source_beside(
    finished_series: SeriesFolder,
) -> None:
    page = finished_series.report.read_text(encoding="utf-8")
    assert "<script" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "MADE-UP IMAGES" in page
    assert "AS PUBLISHED" not in page
    assert "Whole and pruned networks: three-classes" in page
    if "one" in read(finished_series.top)["chosen"]:
        assert "0.9000" in page
