"""Out of fold: what is said of every training study by a model that was fitted without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.columns import read_columns
from leanlung.foundations.errors import DataRefused, StatisticsError
from leanlung.foundations.tables import write_table
from leanlung.statistics.predictions import Predictions
from leanlung.statistics.predictions_table import read_predictions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from leanlung.studies.study import Cohort

    FitAndPredict = Callable[[Cohort, Cohort], NDArray[np.float64]]
    """Fit on the first cohort, and give shape (studies of the second, classes)."""

_COLUMN = "fold"


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Predictions of a training part, each by a model that has not seen the patient.

    Attributes:
        predictions: Of every study once.
        folds: Shape (n,): number of the fold that the study is in. The model that answered it
            was fitted on the studies of all other folds.

    Raises:
        DataRefused: If there are not two folds, or a patient is in several, so that a model
            answered patients it was fitted on; or if these are of a test part.
        StatisticsError: If there is not a whole number from 0 for every study.
    """

    predictions: Predictions
    folds: NDArray[np.int64]

    def __post_init__(self) -> None:
        folds, name = np.array(self.folds), self.predictions.model
        if (
            folds.shape != (len(self.predictions),)
            or folds.dtype.kind not in "iu"
            or folds.min() < 0
        ):
            msg = (
                f"{name}: folds of shape {folds.shape} and type {folds.dtype}; a whole number "
                f"from 0 for each of {len(self.predictions)} studies is expected"
            )
            raise StatisticsError(msg)
        if self.predictions.part == "test":
            msg = (
                f"{name}: these are predictions of a test part; a stacking learns from "
                "out-of-fold predictions of the training part"
            )
            raise DataRefused(msg)
        if len(np.unique(folds)) < 2:
            msg = (
                f"{name}: all studies are in one fold, so the model that answered them was "
                "fitted on none, or on these very images; give predictions of two folds or more"
            )
            raise DataRefused(msg)
        first: dict[str, int] = {}
        for patient, fold in zip(self.predictions.patient_ids, folds.tolist(), strict=True):
            if first.setdefault(patient, fold) != fold:
                msg = (
                    f"{name}: patient {patient!r} is in folds {first[patient]} and {fold}, so "
                    "that models answered a patient they were fitted on; all studies of a "
                    "patient go to one fold (folds_by_patient)"
                )
                raise DataRefused(msg)
        folds = folds.astype(np.int64)
        folds.setflags(write=False)
        object.__setattr__(self, "folds", folds)


def out_of_fold(
    fit_and_predict: FitAndPredict,
    cohort: Cohort,
    folds: Mapping[str, int],
    *,
    model: str = "model",
) -> OutOfFold:
    """Fit a model once a fold, and let each answer the fold it was fitted without.

    Args:
        fit_and_predict: Is given the studies to fit on and those to answer, and gives their
            probabilities, shape (studies to answer, classes of the cohort), in their order.
        cohort: The training part.
        folds: Of every study, by study id; as `folds_by_patient` draws them.
        model: Name to report the predictions under.

    Raises:
        StatisticsError: If a study has no fold, or what comes back is not what it should be.
        DataRefused: As `OutOfFold`.
    """
    missing = [study.study_id for study in cohort.studies if study.study_id not in folds]
    if missing:
        msg = f"{cohort.name}: study {missing[0]!r} has no fold ({len(missing)} such studies)"
        raise StatisticsError(msg)
    numbers = np.array([folds[study.study_id] for study in cohort.studies], dtype=np.int64)
    shares = np.full((len(numbers), len(cohort.classes)), np.nan)
    for fold in np.unique(numbers).tolist():
        learnt, held = _without(cohort, folds, fold)
        found = np.asarray(fit_and_predict(learnt, held), dtype=np.float64)
        expected = (len(held.studies), len(cohort.classes))
        if found.shape != expected:
            msg = f"{model}: fold {fold} came back in shape {found.shape}, not {expected}"
            raise StatisticsError(msg)
        shares[numbers == fold] = found
    return OutOfFold(
        Predictions(
            model,
            cohort.classes,
            tuple(study.study_id for study in cohort.studies),
            tuple(study.patient_id for study in cohort.studies),
            np.array([cohort.classes.index(study.label) for study in cohort.studies]),
            shares,
            "train",
        ),
        numbers,
    )


def _without(cohort: Cohort, folds: Mapping[str, int], fold: int) -> tuple[Cohort, Cohort]:
    """Give the studies of all folds but one, and those of that one."""
    return (
        cohort.where(lambda study: folds[study.study_id] != fold),
        cohort.where(lambda study: folds[study.study_id] == fold),
    )


def read_out_of_fold(path: Path) -> OutOfFold:
    """Read a predictions table that has a column ``fold`` too.

    Args:
        path: As `read_predictions`; ``fold`` is a whole number from 0, in every row.

    Raises:
        DataRefused: If the column is missing or empty in a row: predictions of the images that
            a member was trained on are no use to a stacking. As `OutOfFold` too.
        StatisticsError: As `read_predictions`, or if a fold is no whole number from 0.
    """
    predictions = read_predictions(path)
    cells = read_columns(path).get(_COLUMN)
    if cells is None:
        msg = (
            f"{path}: no column {_COLUMN!r}. A stacking learns from out-of-fold predictions; "
            "of the images that a member was trained on, it is surer than of any other. Fit "
            "every member once for each fold without it, let it answer that fold, and write "
            "the number of the fold in this column"
        )
        raise DataRefused(msg)
    for study, cell in zip(predictions.study_ids, cells, strict=True):
        if not cell:
            msg = (
                f"{path}: study {study!r} has no fold: was it in the training part of every "
                "model? Leave such studies out"
            )
            raise DataRefused(msg)
        if not (cell.isascii() and cell.isdigit()):
            msg = (
                f"{path}: study {study!r} has fold {cell!r}; a whole number from 0 is expected"
            )
            raise StatisticsError(msg)
    try:
        return OutOfFold(predictions, np.array([int(cell) for cell in cells]))
    except DataRefused as error:
        msg = f"{path}: {error}"
        raise DataRefused(msg) from error


def write_out_of_fold(path: Path, found: OutOfFold) -> None:
    """Write out-of-fold predictions as `read_out_of_fold` reads them, to the same bits."""
    told = found.predictions
    shares = [f"p_{name}" for name in told.classes]
    rows = zip(
        told.study_ids,
        told.patient_ids,
        told.labels,
        told.probabilities,
        found.folds,
        strict=True,
    )
    write_table(
        path,
        ["study_id", "patient_id", "label", *shares, _COLUMN],
        (
            {
                "study_id": study,
                "patient_id": patient,
                "label": told.classes[label],
                **{name: repr(float(one)) for name, one in zip(shares, row, strict=True)},
                _COLUMN: str(fold),
            }
            for study, patient, label, row, fold in rows
        ),
    )
