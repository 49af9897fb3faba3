"""Held out: the patients of validation and test, and the lung masks that are theirs.

A segmenter that has learnt from the masks of a film knows that film when a network is judged
on it. So pairs of held-out patients are left out of its fitting, and counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leanlung.foundations.errors import StudyError
from leanlung.runs.looks import alike_of, described

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from leanlung.lungs import Pair
    from leanlung.runs.progress import Progress
    from leanlung.studies.study import Cohort

_PARTS = ("validation", "test")
"""Held out; whoever is in both counts as of the last."""


@dataclass(frozen=True)
class HeldOut:
    """Whom nothing may learn from.

    Attributes:
        cohort: Readable studies of all parts.
        parts: Of each, by study id.
        facts: What is noted of each picture, by study id.
    """

    cohort: Cohort
    parts: Mapping[str, str]
    facts: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class LeftOut:
    """Pairs of film and mask that a segmenter was not fitted on.

    Attributes:
        pairs: In the table.
        by_part: Left out, by the part that their patient is in.
        patients: Of those left out, as the table calls them.
    """

    pairs: int
    by_part: Mapping[str, int]
    patients: int

    @property
    def count(self) -> int:
        """How many were left out."""
        return sum(self.by_part.values())

    @property
    def told(self) -> str:
        """Say it in a sentence."""
        return (
            f"{self.count} of {self.pairs} mask pairs left out, as their patients are "
            "validation or test here"
        )

    def as_dict(self) -> dict[str, Any]:
        """Give a value that JSON can hold."""
        return {
            "pairs": self.pairs,
            "left_out": self.count,
            "left_out_by_part": dict(self.by_part),
            "patients_left_out": self.patients,
            "told": self.told,
        }


def leave_out(
    pairs: Sequence[Pair], held: HeldOut, cache: Path, progress: Progress
) -> tuple[tuple[Pair, ...], LeftOut]:
    """Leave out the pairs of patients that are held out.

    A patient is known by the film, which is the same or nearly the same picture, or by the
    id; of an id like ``archive/patient`` the end is compared too. All pairs of a patient go
    with the first. Where two tables number their patients alike, too many are left out
    rather than too few.

    Args:
        pairs: All that the table has.
        held: Parts of the run.
        cache: Folder of all caches.
        progress: Told what is going on.

    Returns:
        The pairs that are left, in their order, and how many are not.

    Raises:
        StudyError: If none is left.
    """
    by_film = _by_film(pairs, held, cache, progress)
    by_id = _by_id(held)
    whose: dict[str, str] = {}
    for pair in pairs:
        for part in (by_film.get(pair.image, ""), by_id.get(pair.patient_id, "")):
            whose[pair.patient_id] = _later(whose.get(pair.patient_id, ""), part)
    kept = tuple(pair for pair in pairs if not whose[pair.patient_id])
    counted = Counter(whose[pair.patient_id] for pair in pairs)
    found = LeftOut(
        len(pairs),
        {part: counted[part] for part in _PARTS},
        sum(1 for part in whose.values() if part),
    )
    if not kept:
        msg = (
            f"{found.told}: none is left to fit a segmenter on; give pairs of other patients, "
            "or a finished segmenter with lungs.segmenter"
        )
        raise StudyError(msg)
    return kept, found


def _by_film(
    pairs: Sequence[Pair], held: HeldOut, cache: Path, progress: Progress
) -> dict[Path, str]:
    """Give the part of every film of the pairs whose picture is held out."""
    films = list(dict.fromkeys(pair.image for pair in pairs))
    with progress.task("looking at films with lung masks", len(films)) as done:
        seen = described(films, cache, done)
    # Two kinds of names that cannot meet.
    facts = {f"pair {n}": one for n, one in enumerate(seen.facts) if seen.rows[n] is not None}
    theirs = {
        f"held {s.study_id}": held.facts[s.study_id]
        for s in held.cohort.studies
        if held.parts[s.study_id] in _PARTS
    }
    found: dict[Path, str] = {}
    for _, one, other in alike_of([*facts, *theirs], {**facts, **theirs}):
        if one in facts and other in theirs:
            film = films[int(one.removeprefix("pair "))]
            part = held.parts[other.removeprefix("held ")]
            found[film] = _later(found.get(film, ""), part)
    return found


def _by_id(held: HeldOut) -> dict[str, str]:
    found: dict[str, str] = {}
    for study in held.cohort.studies:
        part = held.parts[study.study_id]
        if part in _PARTS:
            for name in {study.patient_id, study.patient_id.partition("/")[2]} - {""}:
                found[name] = _later(found.get(name, ""), part)
    return found


def _later(one: str, other: str) -> str:
    """Give the part of the two that is held out longer."""
    return max(one, other, key=lambda part: _PARTS.index(part) if part else -1)
