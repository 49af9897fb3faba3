"""The seal: nobody iterates over the test part before a choice is on disk."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from leanlung.foundations import fingerprints
from leanlung.foundations.errors import SealError
from leanlung.foundations.files import append_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from leanlung.studies.study import Cohort


_STAYS_SEALED = (
    "the test part stays sealed: {} holds no choice ({}); choose a candidate on the validation "
    "part first (leanlung run RECIPE --until choose)"
)
_FIELDS: dict[str, type] = {
    "time": str,
    "chosen": str,
    "choice_sha256": str,
    "studies": int,
    "patients": int,
    "again": bool,
}


class SealedCohort:
    """The test part of a split.

    It tells how many patients and studies it holds, and gives the studies themselves only to
    somebody who shows a choice that has been written down. Each opening is logged before a
    single study is given out.

    Attributes:
        patients: Ids of its patients.
        studies: How many studies it holds.
    """

    def __init__(self, cohort: Cohort, book: Path) -> None:
        self._cohort = cohort
        self._book = book
        self.patients = cohort.patients
        self.studies = len(cohort.studies)

    @property
    def openings(self) -> tuple[dict[str, Any], ...]:
        """What was opened when, oldest first."""
        return read_openings(self._book)

    def open(self, *, chosen: Path) -> Cohort:
        """Give the studies, and write down for which choice.

        Args:
            chosen: File that holds the choice made on the validation part, as JSON with a
                ``chosen`` field.

        Returns:
            The cohort that was kept out of sight.

        Raises:
            SealError: If nothing has been chosen yet.
        """
        name, digest = _read_choice(chosen)
        entry = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "chosen": name,
            "choice_sha256": digest,
            "studies": self.studies,
            "patients": len(self.patients),
            "again": any(past["choice_sha256"] == digest for past in self.openings),
        }
        append_line(self._book, json.dumps(entry, ensure_ascii=False))
        return self._cohort


def read_openings(book: Path) -> tuple[dict[str, Any], ...]:
    """Read the book of openings; an empty tuple if it holds none.

    Lines that hold no opening are passed over here and told by `unreadable_lines`: who says
    that nothing was opened has to ask for both.
    """
    return tuple(entry for _, entry in _entries(book) if entry is not None)


def unreadable_lines(book: Path) -> tuple[int, ...]:
    """Number the lines of the book of openings that hold no opening, counted from 1.

    Each may stand for an opening, and is to be told as one that perhaps took place. A process
    that was killed while it wrote leaves half a line, and has given nothing out; but a line
    that was damaged later, when the studies were out, looks the same. Empty lines do not count.
    """
    return tuple(number for number, entry in _entries(book) if entry is None)


def _entries(book: Path) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Give the number of each line and its opening; None where it holds none."""
    if not book.is_file():
        return
    for number, line in enumerate(book.read_bytes().splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            entry = None
        yield number, entry if _is_opening(entry) else None


def _is_opening(entry: object) -> bool:
    return isinstance(entry, dict) and all(
        isinstance(entry.get(name), kind) for name, kind in _FIELDS.items()
    )


def _read_choice(path: Path) -> tuple[str, str]:
    """Give the name that was chosen, and the fingerprint of the choice."""
    try:
        text = path.read_bytes()
        choice = json.loads(text)
    except (OSError, ValueError) as error:
        raise SealError(_STAYS_SEALED.format(path, error)) from error
    name = choice.get("chosen") if isinstance(choice, dict) else None
    if not (isinstance(name, str) and name):
        raise SealError(_STAYS_SEALED.format(path, "it names nothing under 'chosen'"))
    return name, fingerprints.of_bytes(text)
