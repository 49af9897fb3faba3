"""Join manifests: several archives as one, with a look at what they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanlung.foundations.errors import StudyError
from leanlung.studies.archives.words import in_order
from leanlung.studies.study import Cohort

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Joined:
    """Several cohorts as one.

    Attributes:
        cohort: All studies, in the order of the cohorts.
        shared: Patients that stand in more than one; they stay together in a split.
    """

    cohort: Cohort
    shared: tuple[str, ...]


def join(cohorts: Sequence[Cohort], name: str) -> Joined:
    """Put cohorts one after the other.

    Args:
        cohorts: With study ids of their own, as indexed archives have.
        name: Of the whole.

    Raises:
        StudyError: If a study stands in two of them.
    """
    owner: dict[str, str] = {}
    patients: dict[str, set[int]] = {}
    for place, cohort in enumerate(cohorts):
        for study in cohort.studies:
            if (first := owner.setdefault(study.study_id, cohort.name)) != cohort.name:
                msg = (
                    f"study {study.study_id!r} stands in {first} and in {cohort.name}; join "
                    "manifests of different images, or give studies ids of their own"
                )
                raise StudyError(msg)
            patients.setdefault(study.patient_id, set()).add(place)
    studies = tuple(study for cohort in cohorts for study in cohort.studies)
    classes = in_order(study.label for study in studies)
    shared = tuple(patient for patient, places in patients.items() if len(places) > 1)
    return Joined(Cohort(name, classes, studies), shared)
