"""External data are measured with everything frozen, and refused where that would mislead."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from leanlung.exports import load_bundle, save_bundle
from leanlung.foundations.errors import DataRefused, StudyError, UsageError
from leanlung.runs.external import Plan, evaluate_external
from leanlung.runs.sources import predictions_of
from leanlung.statistics import compare, read_predictions
from leanlung.statistics.thresholds import called

CPU = torch.device("cpu")
QUICK = Plan(resamples=100)


def bundle_of(finished: Path) -> Path:
    return finished / "seed-0" / "8-export" / "bundle"


@pytest.fixture(scope="module")
def of_run(finished: Path, elsewhere: Path):
    return evaluate_external(finished, elsewhere, QUICK, CPU)


def by_name(entries: list[dict]) -> dict[str, dict]:
    return {entry["name"]: entry for entry in entries}


def test_a_run_is_measured_with_both_networks(finished: Path, elsewhere: Path, of_run) -> None:
    chosen = json.loads((finished / "metrics.json").read_text())["seeds"]["0"]["chosen"]
    assert list(of_run.told["models"]) == ["unpruned", chosen]
    assert (of_run.told["studies"], of_run.told["patients"]) == (28, 14)
    assert json.loads(json.dumps(of_run.told)) == of_run.told
    again = predictions_of(bundle_of(finished), elsewhere)
    np.testing.assert_allclose(
        of_run.predictions[1].probabilities, again.probabilities, rtol=1e-6
    )


def test_the_drop_is_external_less_internal(of_run) -> None:
    for model in of_run.told["models"].values():
        there, here = by_name(model["estimates"]), by_name(model["internal"])
        for name, drop in by_name(model["drop"]).items():
            if drop["value"] is not None:
                expected = there[name]["value"] - here[name]["value"]
                assert drop["value"] == pytest.approx(expected)


def test_the_internal_figures_are_those_of_the_run(finished: Path, of_run) -> None:
    stored = json.loads((finished / "metrics.json").read_text())["seeds"]["0"]["models"]
    for name, model in of_run.told["models"].items():
        told = by_name(stored[name]["estimates"])
        for metric, estimate in by_name(model["internal"]).items():
            assert estimate["value"] == told[metric]["value"]


def test_what_pruning_changes_is_told_on_both_sides(of_run) -> None:
    internal, external = (
        of_run.told["compression"][side][0] for side in ("internal", "external")
    )
    again = compare(*of_run.predictions, margin=0.1, resamples=100)
    assert external["difference"]["value"] == again.difference.value
    assert external["metric"] == internal["metric"] == "macro_auc"
    assert internal["margin"] == 0.1  # of the run's recipe


def test_thresholds_are_those_that_validation_froze(finished: Path, of_run) -> None:
    readout = load_bundle(bundle_of(finished)).readout
    assert readout is not None
    points = list(of_run.told["models"].values())[1]["calibration"]["thresholds"]
    assert [point["threshold"] for point in points] == [
        one.as_dict() for one in readout.thresholds
    ]
    predictions = called(of_run.predictions[1], readout.thresholds[0])
    positive = predictions.labels == 1
    assert points[0]["sensitivity"]["value"] == pytest.approx(
        np.mean(predictions.predicted[positive] == 1)
    )


def test_a_bundle_brings_its_internal_figures_along(finished: Path, elsewhere: Path) -> None:
    told = evaluate_external(bundle_of(finished), elsewhere, QUICK, CPU).told
    ((_, model),) = told["models"].items()
    assert told["compression"] is None
    assert {entry["name"] for entry in model["drop"]} == {
        entry["name"] for entry in model["estimates"]
    }
    assert told["notes"] == []


def test_a_bundle_without_figures_says_so(
    finished: Path, elsewhere: Path, tmp_path: Path
) -> None:
    bundle = replace(load_bundle(bundle_of(finished)), metrics={}, readout=None)
    save_bundle(tmp_path / "bare", bundle)
    told = evaluate_external(tmp_path / "bare", elsewhere, QUICK, CPU).told
    ((_, model),) = told["models"].items()
    assert (model["drop"], model["calibration"]) == ([], None)
    assert [note.partition(":")[0] for note in told["notes"]] == [
        "this bundle tells nothing of an internal test part",
        "this bundle has no frozen thresholds and no temperature",
    ]


@pytest.fixture
def other_labels(elsewhere: Path, tmp_path: Path):
    def relabel(change) -> Path:
        folder = tmp_path / "relabelled"
        shutil.copytree(elsewhere, folder)
        lines = (folder / "manifest.csv").read_text().splitlines()
        (folder / "manifest.csv").write_text("\n".join(change(lines)) + "\n")
        return folder

    return relabel


def test_classes_that_are_not_shared_are_named(finished: Path, other_labels) -> None:
    data = other_labels(
        lambda lines: [*lines[:-2], *(line.replace(",lower,", ",side,") for line in lines[-2:])]
    )
    message = r"classes are not shared \(only in the data: \['side'\]\); .* --shared-only"
    with pytest.raises(StudyError, match=message):
        evaluate_external(bundle_of(finished), data, QUICK, CPU)
    told = evaluate_external(
        bundle_of(finished), data, replace(QUICK, shared_only=True), CPU
    ).told
    assert told["left_out"] == {"side": 2}
    assert told["studies"] == 26


def test_one_shared_class_is_too_few(finished: Path, other_labels) -> None:
    data = other_labels(lambda lines: [line for line in lines if ",lower," not in line])
    with pytest.raises(StudyError, match="two or more have to be shared"):
        evaluate_external(bundle_of(finished), data, replace(QUICK, shared_only=True), CPU)


def test_a_picture_of_the_run_is_no_external_one(
    finished: Path, small_films: Path, other_labels
) -> None:
    data = other_labels(lambda lines: lines)
    known = small_films / "data" / "films" / "003-1.png"
    shutil.copy(known, data / "films" / "000-0.png")
    with pytest.raises(DataRefused, match=r"000-0.png is the very picture of study"):
        evaluate_external(finished, data, QUICK, CPU)


def test_another_folder_and_an_unfinished_run_are_refused(
    finished: Path, elsewhere: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="no run folder"):
        evaluate_external(tmp_path, elsewhere, QUICK, CPU)
    shutil.copytree(finished, tmp_path / "run")
    (tmp_path / "run" / "metrics.json").unlink()
    with pytest.raises(UsageError, match="this run is not finished"):
        evaluate_external(tmp_path / "run", elsewhere, QUICK, CPU)


def test_the_unpruned_network_answers_as_it_did_in_the_run(finished: Path, of_run) -> None:
    """Its stored answers come from the same weights: on its own test films they agree."""
    from leanlung.runs.external_models import models_of

    model = models_of(finished).models[0]
    stored = read_predictions(
        finished / "seed-0" / "6-evaluate" / "predictions-unpruned-test.csv"
    )
    assert model.internal is not None
    assert np.array_equal(model.internal.probabilities, stored.probabilities)
    assert model.bundle.readout != load_bundle(bundle_of(finished)).readout
