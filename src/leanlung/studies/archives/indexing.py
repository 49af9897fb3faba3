"""Index an archive: guess which it is, read it, sift it, and tell what was left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from leanlung.foundations.errors import StudyError, UsageError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.studies.archives import ALIASES, ARCHIVES
from leanlung.studies.archives.asked import Asked, require_taken
from leanlung.studies.archives.ledger import counted
from leanlung.studies.archives.masks import sizes_told
from leanlung.studies.archives.places import sight_of
from leanlung.studies.archives.sifting import sift
from leanlung.studies.archives.words import in_order
from leanlung.studies.study import Cohort

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from leanlung.studies.archives.ledger import LeftOut

_TOLD = 10


@dataclass(frozen=True)
class Indexed:
    """What an archive's folder holds.

    Attributes:
        archive: Its name.
        cohort: What is wanted of it.
        left_out: Everything else, with the reason.
        notes: What somebody who uses it has to know.
    """

    archive: str
    cohort: Cohort
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Describe it, as a value that JSON can hold; of what is left out the first names."""
        studies = self.cohort.studies
        return {
            "archive": self.archive,
            "where": ARCHIVES[self.archive].where,
            "licence": ARCHIVES[self.archive].licence,
            "images": len(studies),
            "patients": len(self.cohort.patients),
            "classes": self.cohort.counts,
            "confidence": confidence_counts(self.cohort),
            "masks": sum(study.lung_mask is not None for study in studies),
            "patients_of_several_classes": len(self.cohort.mixed_patients),
            "left_out": [
                {
                    "reason": reason,
                    "images": count,
                    "first": [one.image for one in self.left_out if one.reason == reason][
                        :_TOLD
                    ],
                }
                for reason, count in counted(self.left_out).items()
            ],
            "notes": list(self.notes),
        }


def confidence_counts(cohort: Cohort) -> dict[str, int]:
    """Count images by how well their patient is known."""
    found = {"exact": 0, "derived": 0, "image_only": 0}
    for study in cohort.studies:
        found[study.patient_id_confidence] += 1
    return found


def guess(root: Path) -> list[str]:
    """Name the archives whose folder this may be.

    Args:
        root: A folder, or a file for archives that are one file.

    Returns:
        Names; usually one, none if the folder is of no archive known here.
    """
    sight = sight_of(root)
    return [name for name, archive in ARCHIVES.items() if archive.fits(sight)]


def index(root: Path, name: str = "", asked: Asked | None = None) -> Indexed:
    """Read an archive's folder; no pixel is read, except where images have to be written.

    Args:
        root: The folder as it was unzipped, or one around it.
        name: Of the archive, or one of `ALIASES`; guessed if blank.
        asked: Which images are wanted, and how words are read.

    Returns:
        Its cohort, and everything left out with the reason.

    Raises:
        StudyError: If it is not there, not such an archive, or nothing of it is wanted.
        UsageError: If the name is unknown, cannot be guessed, or does not take what is asked.
    """
    asked, name = asked or Asked(), ALIASES.get(name, name)
    if name and name not in ARCHIVES:
        msg = f"no archive {name!r}; there are {list(ARCHIVES)}{did_you_mean(name, ARCHIVES)}"
        raise UsageError(msg)
    _require_there(root, name)
    name = name or _guessed(root)
    require_taken(name, asked, {known: one.takes for known, one in ARCHIVES.items()})
    archive = ARCHIVES[name]
    try:
        ledger = archive.read(root, asked)
    except OSError as error:
        msg = f"{error.filename or root}: cannot be read ({error.strerror}); ask its owner"
        raise StudyError(msg) from error
    before = len(ledger.studies)
    sift(ledger, asked if archive.films else replace(asked, frontal=False))
    if not ledger.studies:
        reasons = "".join(f"\n  {n} {why}" for why, n in counted(ledger.left_out).items())
        found = (
            f"nothing of it is left:{reasons}"
            if before or ledger.left_out
            else f"nothing of it is here; {archive.expected} was expected, from {archive.where}"
        )
        msg = f"{root}: read as {name}, {found}"
        raise StudyError(msg)
    classes = in_order(study.label for study in ledger.studies)
    cohort = Cohort(name, classes, tuple(ledger.studies))
    notes = (*ledger.notes, *sizes_told(cohort.studies), *_mixed(cohort))
    return Indexed(name, cohort, tuple(ledger.left_out), notes)


def _require_there(root: Path, name: str) -> None:
    if not root.exists():
        archive = ARCHIVES.get(name)
        where = (
            f"; {name} is to be had at {archive.where} and holds {archive.expected}"
            if archive
            else "; give the folder of an archive (see leanlung list layouts --json)"
        )
        msg = f"{root}: no such folder{where}"
        raise StudyError(msg)
    if root.is_file() and root.suffix.lower() in {".zip", ".tgz", ".gz", ".tar", ".7z"}:
        msg = f"{root}: still packed; unpack it and give the folder"
        raise StudyError(msg)


def _guessed(root: Path) -> str:
    found = guess(root)
    if len(found) == 1:
        return found[0]
    if found:
        msg = f"{root}: may be {' or '.join(found)}; name the layout, or give the inner folder"
        raise UsageError(msg)
    known = "\n  ".join(f"{name}: {one.expected}" for name, one in ARCHIVES.items())
    msg = f"{root}: no archive known here; name the layout if it is one of\n  {known}"
    raise UsageError(msg)


def _mixed(cohort: Cohort) -> Sequence[str]:
    mixed = cohort.mixed_patients
    return [f"patients with images of several classes: {len(mixed)}"] if mixed else []
