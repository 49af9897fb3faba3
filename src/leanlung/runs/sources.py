"""Where predictions come from: a run's chosen network, or a bundle or an ensemble on images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leanlung.exports import answer, load_model
from leanlung.exports.models import seen_by
from leanlung.foundations.errors import StudyError, UsageError
from leanlung.runs.folder import open_run
from leanlung.runs.results import results_of
from leanlung.statistics import Predictions, read_predictions
from leanlung.studies.layouts import read_cohort

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def predictions_of(path: Path, data: Path | None) -> Predictions:
    """Get the predictions of a run, a bundle or an ensemble.

    Args:
        path: A run folder, whose chosen network's test predictions are read, or a bundle or an
            ensemble, which answers the labelled images of ``data``.
        data: A folder of images or a manifest; not for runs.

    Returns:
        The predictions; of a run with several seeds, those of the first.

    Raises:
        UsageError: If the path is neither, or a bundle has no data.
        StudyError: If the data have classes the bundle does not know, or unreadable images.
        DataRefused: If an image is one that the ensemble was put together on.
    """
    return next(iter(predictions_by_seed(path, data).values()))


def predictions_by_seed(path: Path, data: Path | None) -> dict[str, Predictions]:
    """Get the predictions of every seed of a run, or of a bundle, which has one.

    Args:
        path: As for `predictions_of`.
        data: As for `predictions_of`.

    Returns:
        By the number of the seed, in the order of the recipe; of a bundle, by its name.

    Raises:
        UsageError: As `predictions_of`.
        StudyError: As `predictions_of`.
    """
    if (path / "config.json").is_file():
        answers = _of_bundle(path, data)
        return {answers.model: answers}
    folder = open_run(path)
    if not folder.metrics.is_file():
        msg = f"{path}: this run is not finished; start it again with `leanlung run`"
        raise UsageError(msg)
    found = {}
    for seed, measured in results_of(folder)["seeds"].items():
        name = measured["chosen"]
        place = folder.seed(int(seed)).evaluate / f"predictions-{name}-test.csv"
        found[seed] = read_predictions(place, model=f"{path.name} {name}")
    return found


def one_seed_note(path: Path) -> str:
    """Say which seed `predictions_of` and `pair_of` look at, if a run has several.

    Returns:
        A sentence; empty for a run of one seed and for a bundle.
    """
    if (path / "config.json").is_file():
        return ""
    first, *others = results_of(open_run(path))["seeds"]
    if not others:
        return ""
    seeds = 1 + len(others)
    return f"of the {seeds} seeds of {path}, the networks of seed {first} are looked at"


def pair_of(path: Path) -> tuple[Predictions, Predictions]:
    """Get the test predictions of a run's unpruned and chosen network, of its first seed.

    Raises:
        UsageError: If the path is no run folder, or the run is not finished.
    """
    chosen = predictions_of(path, None) if not (path / "config.json").is_file() else None
    if chosen is None:
        msg = f"{path} is a bundle, which takes no predictions along: give A and B"
        raise UsageError(msg)
    seed = next(iter(results_of(open_run(path))["seeds"]))
    place = open_run(path).seed(int(seed)).evaluate / "predictions-unpruned-test.csv"
    return read_predictions(place, model=f"{path.name} unpruned"), chosen


def _of_bundle(path: Path, data: Path | None) -> Predictions:
    if data is None:
        msg = f"{path} is a bundle: give labelled images with --data for it to answer"
        raise UsageError(msg)
    bundle = load_model(path)
    cohort = read_cohort(data)
    if strange := sorted(set(cohort.classes) - set(bundle.classes)):
        msg = (
            f"{data}: label {strange[0]!r} is no class of {bundle.name} {list(bundle.classes)}"
        )
        raise StudyError(msg)
    seen = seen_by(bundle)

    def look(image: Path, pixels: NDArray[np.float32]) -> None:
        if seen is not None:
            seen.require_other(pixels, image, bundle.name)

    found = answer(
        bundle,
        [study.image for study in cohort.studies],
        [study.lung_mask for study in cohort.studies],
        look=look,
    )
    if bad := [one.problem for one in found if one.problem]:
        msg = f"{len(bad)} of {len(found)} images cannot be answered; the first: {bad[0]}"
        raise StudyError(msg)
    rows = [[one.probabilities[name] for name in bundle.classes] for one in found]
    return Predictions(
        model=bundle.name,
        classes=bundle.classes,
        study_ids=tuple(study.study_id for study in cohort.studies),
        patient_ids=tuple(study.patient_id for study in cohort.studies),
        labels=np.array([bundle.classes.index(study.label) for study in cohort.studies]),
        probabilities=np.array(rows),
    )
