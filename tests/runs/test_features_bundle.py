"""A bundle that reads features answers and is measured as any other, or says why not."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from leanlung.cli.app import app
from leanlung.ensembles import Mean
from leanlung.exports import answer, load_bundle
from leanlung.exports.ensemble_size import ensemble_size
from leanlung.runs import RunFolder
from leanlung.runs.external_models import models_of
from leanlung.statistics import read_predictions


def leanlung(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture
def folder(featured: RunFolder) -> Path:
    return featured.seed(0).bundle


def test_it_answers_as_the_run_did(
    featured: RunFolder, folder: Path, small_films: Path
) -> None:
    found = read_predictions(featured.seed(0).evaluate / "predictions-round-02-test.csv")
    images = [small_films / "data" / name for name in found.study_ids]
    answers = answer(load_bundle(folder), images)
    given = [[one.probabilities[name] for name in found.classes] for one in answers]
    np.testing.assert_allclose(given, found.probabilities, rtol=1e-4, atol=1e-6)
    told = json.loads(leanlung("predict", folder, images[0], "--json").stdout)
    assert told[0]["probabilities"] == pytest.approx(answers[0].probabilities, rel=1e-4)


def test_its_size_holds_network_and_classifier(featured: RunFolder, folder: Path) -> None:
    bundle = load_bundle(folder)
    size = json.loads((folder / "metrics.json").read_text())["size"]
    weights, reads = folder / "model.safetensors", folder / "classifier.skops"
    assert size["file_bytes"] == weights.stat().st_size
    assert size["classifier_bytes"] == reads.stat().st_size
    assert bundle.classifier is not None
    assert size["classifier_numbers"] == bundle.classifier.numbers
    summed = ensemble_size({"only": bundle}, Mean())["sum"]
    assert summed["file_bytes"] == weights.stat().st_size + reads.stat().st_size
    card = (folder / "README.md").read_text()
    assert f"a classifier on {len(bundle.columns)} of them" in card
    assert f"{size['stored'] + size['classifier_numbers']:,}" in card
    assert "units left that never vary over 28 training images" in card


def test_show_and_compare_and_evaluate_take_it(
    featured: RunFolder, folder: Path, elsewhere: Path
) -> None:
    shown = leanlung("show", featured.path)
    assert shown.exit_code == 0, shown.output
    assert "round-02 (chosen)" in shown.stdout
    assert "with its classifier" in " ".join(shown.stdout.split())
    found = {one.name: one.bundle for one in models_of(featured.path).models}
    assert found["unpruned"].classifier is None
    assert found["round-02"].classifier is not None
    external = leanlung(
        "evaluate", folder, "--external", elsewhere, "--resamples", "100", "--json"
    )
    assert external.exit_code == 0, external.output
    assert json.loads(external.stdout)["studies"] == 28


def test_gradients_are_refused_with_what_to_do(featured: RunFolder, tmp_path: Path) -> None:
    told = leanlung("explain", featured.path, "--data", featured.cohort, "--out", tmp_path)
    assert told.exit_code == 2
    assert "has no gradient" in told.output
    assert "--method lime" in told.output


def test_lime_explains_it(featured: RunFolder, folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("lime")
    told = leanlung(
        "explain", folder, "--data", featured.cohort, "--out", tmp_path, "--method", "lime",
        "--limit", "1", "--samples", "60", "--resamples", "100",
    )  # fmt: skip
    assert told.exit_code == 0, told.output
    assert len(list((tmp_path / "overlays").glob("*.png"))) == 1


@pytest.mark.parametrize(
    ("verb", "more"),
    [("prune", ("--lossless", "--out", "out")), ("prune", ("--keep", "0.5", "--out", "out")),
     ("sensitivity", ())],
)  # fmt: skip
def test_its_units_are_not_pruned_further(
    featured: RunFolder, folder: Path, verb: str, more: tuple[str, ...]
) -> None:
    told = leanlung(verb, folder, "--data", featured.cohort, *more)
    assert told.exit_code == 2, told.output
    assert "on its network's features" in " ".join(told.output.split())
