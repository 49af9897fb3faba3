"""Where predictions come from: a run's chosen network, or a bundle on labelled images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leanlung.exports import answer, load_bundle
from leanlung.foundations.errors import StudyError, UsageError
from leanlung.runs.folder import open_run
from leanlung.runs.results import results_of
from leanlung.statistics import Predictions, read_predictions
from leanlung.studies.layouts import read_cohort

if TYPE_CHECKING:
    from pathlib import Path


def predictions_of(path: Path, data: Path | None) -> Predictions:
    """Get the predictions of a run or a bundle.

    Args:
        path: A run folder, whose chosen network's test predictions are read, or a bundle, which
            answers the labelled images of ``data``.
        data: A folder of images or a manifest; for bundles only.

    Returns:
        The predictions; of a run with several seeds, those of the first.

    Raises:
        UsageError: If the path is neither, or a bundle has no data.
        StudyError: If the data have classes the bundle does not know, or unreadable images.
    """
    if (path / "config.json").is_file():
        return _of_bundle(path, data)
    folder = open_run(path)
    if not folder.metrics.is_file():
        msg = f"{path}: this run is not finished; start it again with `leanlung run`"
        raise UsageError(msg)
    seed, first = next(iter(results_of(folder)["seeds"].items()))
    name = first["chosen"]
    place = folder.seed(int(seed)).evaluate / f"predictions-{name}-test.csv"
    return read_predictions(place, model=f"{path.name} {name}")


def _of_bundle(path: Path, data: Path | None) -> Predictions:
    if data is None:
        msg = f"{path} is a bundle: give labelled images with --data for it to answer"
        raise UsageError(msg)
    bundle = load_bundle(path)
    cohort = read_cohort(data)
    if strange := sorted(set(cohort.classes) - set(bundle.classes)):
        msg = (
            f"{data}: label {strange[0]!r} is no class of {bundle.name} {list(bundle.classes)}"
        )
        raise StudyError(msg)
    found = answer(
        bundle,
        [study.image for study in cohort.studies],
        [study.lung_mask for study in cohort.studies],
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
