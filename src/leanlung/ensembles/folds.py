"""Folds: a training part in k pieces by patient, alike in their classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import StudyError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from leanlung.foundations.seeds import Seeds
    from leanlung.studies.study import Cohort


def folds_by_patient(
    cohort: Cohort, folds: int, seeds: Seeds, together: Iterable[tuple[str, str]] = ()
) -> dict[str, int]:
    """Draw a fold for every study; all studies of a patient go to the same.

    Args:
        cohort: The training part.
        folds: How many, from 2.
        seeds: Draw them.
        together: Pairs of study ids whose patients share a fold, as of look-alike pictures.

    Returns:
        The fold of each study, from 0, by study id.

    Raises:
        UsageError: If there are fewer than two folds.
        StudyError: If a class has too few patients for every fold to get one.
    """
    if folds < 2:
        msg = f"{folds} folds; two or more are expected, five are usual"
        raise UsageError(msg)
    owners = _owners(cohort, together)
    labels = np.array([cohort.classes.index(study.label) for study in cohort.studies])
    for index, name in enumerate(cohort.classes):
        patients = len(np.unique(owners[labels == index]))
        if patients < folds:
            msg = _too_few(cohort, name, patients, folds)
            raise StudyError(msg)
    from sklearn.model_selection import StratifiedGroupKFold

    drawn = StratifiedGroupKFold(
        folds, shuffle=True, random_state=seeds.number("folds") % 2**32
    )
    found = np.empty(len(labels), dtype=np.int64)
    for fold, (_, held) in enumerate(drawn.split(labels, labels, owners)):
        found[held] = fold
    for index, name in enumerate(cohort.classes):
        if len(np.unique(found[labels == index])) < folds:
            patients = len(np.unique(owners[labels == index]))
            msg = _too_few(cohort, name, patients, folds)
            raise StudyError(msg)
    return {
        study.study_id: fold for study, fold in zip(cohort.studies, found.tolist(), strict=True)
    }


def _owners(cohort: Cohort, together: Iterable[tuple[str, str]]) -> NDArray[np.int64]:
    """Number the patients of every study; those that belong together have one number."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    number = {patient: place for place, patient in enumerate(cohort.patients)}
    of_study = {study.study_id: number[study.patient_id] for study in cohort.studies}
    pairs = [(of_study[one], of_study[two]) for one, two in together]
    ends = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    ties = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), (len(number),) * 2)
    _, group = connected_components(ties, directed=False)
    return np.array([group[of_study[study.study_id]] for study in cohort.studies])


def _too_few(cohort: Cohort, name: str, patients: int, folds: int) -> str:
    return (
        f"{cohort.name}: class {name!r} has {patients} patients apart from each other, too few "
        f"for each of {folds} folds to get some; add patients, or draw fewer folds"
    )
