"""Predictions come from a run or from a bundle that answers labelled images."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from leanlung.foundations.errors import StudyError, UsageError
from leanlung.runs.sources import predictions_of
from leanlung.statistics import read_predictions


def bundle_of(finished: Path) -> Path:
    return finished / "seed-0" / "8-export" / "bundle"


def test_a_run_gives_its_chosen_networks_test_predictions(finished: Path) -> None:
    found = predictions_of(finished, None)
    place = finished / "seed-0" / "6-evaluate"
    (stored,) = (p for p in place.glob("predictions-round*.csv"))
    assert np.array_equal(found.probabilities, read_predictions(stored).probabilities)


def test_a_bundle_answers_as_the_run_it_came_from(finished: Path, films: Path) -> None:
    """The very films of the run, read again from their files."""
    run, again = predictions_of(finished, None), predictions_of(bundle_of(finished), films)
    assert len(again) == 60
    order = [again.study_ids.index(name) for name in run.study_ids]
    np.testing.assert_allclose(again.probabilities[order], run.probabilities, rtol=1e-6)
    assert [again.classes[again.labels[place]] for place in order] == [
        run.classes[label] for label in run.labels
    ]


def test_a_bundle_without_data_is_refused(finished: Path) -> None:
    with pytest.raises(UsageError, match="give labelled images with --data"):
        predictions_of(bundle_of(finished), None)


def test_labels_the_bundle_does_not_know_are_refused(finished: Path, films: Path) -> None:
    manifest = films / "manifest.csv"
    manifest.write_text(manifest.read_text().replace(",upper,", ",sideways,"))
    with pytest.raises(StudyError, match="label 'sideways' is no class of small-round"):
        predictions_of(bundle_of(finished), films)


def test_unreadable_images_are_refused(finished: Path, films: Path) -> None:
    (films / "films/000-0.png").write_bytes(b"")
    with pytest.raises(StudyError, match=r"1 of 60 images cannot be answered; .*000-0.png"):
        predictions_of(bundle_of(finished), films)


def test_an_unfinished_run_is_refused(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "run")
    (tmp_path / "run" / "metrics.json").unlink()
    with pytest.raises(UsageError, match="this run is not finished"):
        predictions_of(tmp_path / "run", None)


def test_another_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run folder"):
        predictions_of(tmp_path, None)
