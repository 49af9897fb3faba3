"""Split a cohort by patient, alike in its classes, with the test part sealed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from leanlung.foundations.errors import StudyError
from leanlung.foundations.seeds import Seeds
from leanlung.foundations.suggestions import did_you_mean
from leanlung.studies.seal import SealedCohort

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from leanlung.studies.study import Cohort, Study

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")


class Shares(NamedTuple):
    """How much of every class goes where; together one. A part of share 0 stays empty."""

    train: float
    validation: float
    test: float


@dataclass(frozen=True)
class Split:
    """A cohort in three parts.

    Attributes:
        train: To learn from.
        validation: To choose on.
        test: Sealed, to report on.
        seed: That drew it.
    """

    train: Cohort
    validation: Cohort
    test: SealedCohort
    seed: int


def assign_parts(
    cohort: Cohort, shares: Shares, seeds: Seeds, together: Iterable[tuple[str, str]] = ()
) -> dict[str, Part]:
    """Draw a part for every study; all studies of a patient go to the same.

    Patients with the most studies are placed first, each where the classes of its studies are
    missing most, so that every part comes close to its share of every class.

    Args:
        cohort: To be split.
        shares: Of each part.
        seeds: Draw the order of patients with equally many studies.
        together: Pairs of study ids whose patients must share a part.

    Returns:
        The part of each study, by study id.

    Raises:
        StudyError: If a class has too few patients for every part to get one.
    """
    groups = _patient_groups(cohort, together)
    members: dict[str, list[Study]] = {}
    for study in cohort.studies:
        members.setdefault(groups[study.patient_id], []).append(study)
    names = list(members)
    seeds.generator("split").shuffle(names)
    names.sort(key=lambda name: -len(members[name]))  # stable: the shuffle orders equals
    index = {label: place for place, label in enumerate(cohort.classes)}
    total = np.array([cohort.counts[label] for label in cohort.classes], dtype=float)
    wanted = np.outer(shares, total)  # (part, class)
    have = np.zeros_like(wanted)
    parts: dict[str, Part] = {}
    for name in names:
        classes = np.zeros(len(total))
        for study in members[name]:
            classes[index[study.label]] += 1
        need = (wanted - have) / np.maximum(wanted, 1e-9)
        missing = np.where(np.asarray(shares) > 0.0, need @ classes, -np.inf)
        place = int(np.argmax(missing))
        have[place] += classes
        parts |= dict.fromkeys((study.study_id for study in members[name]), PARTS[place])
    drawn = [part for part, share in zip(PARTS, shares, strict=True) if share > 0.0]
    require_every_class(cohort, parts, drawn)
    return parts


def assign_parts_by_image(
    cohort: Cohort, shares: Shares, seeds: Seeds, together: Iterable[tuple[str, str]] = ()
) -> dict[str, Part]:
    """Draw a part for every study alone, so that a patient may stand in several.

    Whoever looks for leaks with the cohort's own patients finds every one of them.

    Args:
        cohort: To be split.
        shares: Of each part.
        seeds: Draw the order of studies.
        together: Pairs of study ids that must share a part.

    Returns:
        The part of each study, by study id.

    Raises:
        StudyError: If a class has too few studies for every part to get one.
    """
    alone = tuple(replace(one, patient_id=one.study_id) for one in cohort.studies)
    return assign_parts(replace(cohort, studies=alone), shares, seeds, together)


def parts_of_fold(
    cohort: Cohort,
    fold_of: Mapping[str, int],
    fold: int,
    shares: Shares,
    seeds: Seeds,
    together: Iterable[tuple[str, str]] = (),
) -> dict[str, Part]:
    """Make one of several folds the test part, and part the other patients in two.

    Args:
        cohort: To be split.
        fold_of: Fold of every study, by study id; all studies of a patient are in one.
        fold: The one that is tested.
        shares: Of training and validation part, in proportion; that of the test is not used.
        seeds: Of all folds; each draws from its own.
        together: Pairs of study ids whose patients must share a part.

    Returns:
        The part of each study, by study id.

    Raises:
        StudyError: If a class has too few patients for every part to get one.
    """
    rest = cohort.where(lambda study: fold_of[study.study_id] != fold)
    there = {study.study_id for study in rest.studies}
    tied = [pair for pair in together if there.issuperset(pair)]
    learnt = shares.train / (shares.train + shares.validation)
    parts = dict.fromkeys((study.study_id for study in cohort.studies), PARTS[2])
    parts |= assign_parts(
        rest, Shares(learnt, 1.0 - learnt, 0.0), Seeds(seeds.number("fold", fold)), tied
    )
    require_every_class(cohort, parts)
    return parts


def given_parts(cohort: Cohort, needed: Sequence[Part] = PARTS) -> dict[str, Part]:
    """Read the parts that the manifest's ``split`` column gives.

    Args:
        cohort: With a ``split`` for every study.
        needed: Parts that must have every class.

    Raises:
        StudyError: If a study has none, or one that is no part, or a part misses a class.
    """
    parts: dict[str, Part] = {}
    for study in cohort.studies:
        found = study.attributes.get("split", "")
        if found not in PARTS:
            msg = (
                f"{cohort.name}: study {study.study_id!r} has split {found!r}; "
                f"one of {list(PARTS)} was expected in every row{did_you_mean(found, PARTS)}"
            )
            raise StudyError(msg)
        parts[study.study_id] = found
    require_every_class(cohort, parts, needed)
    return parts


def split_cohort(cohort: Cohort, parts: Mapping[str, Part], seed: int, book: Path) -> Split:
    """Take a cohort apart as assigned, and seal the test part.

    Args:
        cohort: Whole.
        parts: Of every study, by study id.
        seed: That drew them.
        book: File in which openings of the test part are written.
    """

    def part(name: Part) -> Cohort:
        return cohort.where(lambda study: parts[study.study_id] == name)

    return Split(part("train"), part("validation"), SealedCohort(part("test"), book), seed)


def require_every_class(
    cohort: Cohort, parts: Mapping[str, Part], needed: Sequence[Part] = PARTS
) -> None:
    """Refuse a split in which a part misses a class.

    Raises:
        StudyError: Naming the class and the part.
    """
    found = Counter((parts[study.study_id], study.label) for study in cohort.studies)
    for part in needed:
        for label in cohort.classes:
            if not found[part, label]:
                patients = {s.patient_id for s in cohort.studies if s.label == label}
                msg = (
                    f"{cohort.name}: no study of class {label!r} (patients with it: "
                    f"{len(patients)}) went to the {part} part; add patients or give that part "
                    "more"
                )
                raise StudyError(msg)


def _patient_groups(cohort: Cohort, together: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Name, for every patient, the one that stands for all it is tied to."""
    stands = {patient: patient for patient in cohort.patients}

    def first(patient: str) -> str:
        while stands[patient] != patient:
            # Halves the way for whoever comes next, so that long chains stay cheap.
            stands[patient] = stands[stands[patient]]
            patient = stands[patient]
        return patient

    owner = {study.study_id: study.patient_id for study in cohort.studies}
    for one, other in together:
        stands[first(owner[other])] = first(owner[one])
    return {patient: first(patient) for patient in stands}
