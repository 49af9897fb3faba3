"""The ledger of an archive: what is kept, what is left out and why, what is worth telling."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from leanlung.foundations.errors import StudyError
from leanlung.studies.study import Study

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from leanlung.studies.study import Confidence

NOT_THERE = "the file is not there"
AGAIN = "listed or lying there again"
_TOLD = 10


@dataclass(frozen=True)
class LeftOut:
    """An image that is not in the cohort, and why.

    Attributes:
        image: As the archive calls it.
        reason: The same words for all that are left out for it.
    """

    image: str
    reason: str


@dataclass
class Ledger:
    """What an archive's reader writes down.

    Attributes:
        archive: Its name; study ids start with it, and so do patient ids if no other prefix is
            given, so that archives can be joined.
        studies: Kept, in the archive's order.
        left_out: All others.
        notes: What somebody who uses the archive has to know.
    """

    archive: str
    studies: list[Study] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _by_id: dict[str, Study] = field(default_factory=dict)

    def keep(
        self,
        name: str,
        image: Path,
        label: str,
        *,
        patient: str = "",
        confidence: Confidence = "image_only",
        mask: Path | None = None,
        **facts: str,
    ) -> None:
        """Take an image in.

        Args:
            name: Unique within the archive.
            image: The file.
            label: Of the shared vocabulary.
            patient: With its prefix; if blank, the image counts as a patient of its own.
            confidence: Of the patient.
            mask: Of the lungs.
            facts: Attributes; blank ones are left away.

        Raises:
            StudyError: If the same image is there with another label.
        """
        study_id = f"{self.archive}/{name}"
        if (known := self._by_id.get(study_id)) is not None:
            if known.label != label:
                msg = (
                    f"{self.archive}: {name} is there as {known.label!r} and as {label!r}; an "
                    "image has one label; get the archive again"
                )
                raise StudyError(msg)
            self.leave(name, AGAIN)
            return
        told = {key: text for key, cell in facts.items() if (text := cell.strip())}
        study = Study(
            study_id,
            patient or study_id,
            image,
            label,
            confidence if patient else "image_only",
            mask,
            MappingProxyType({"source": self.archive} | told),
        )
        self._by_id[study_id] = study
        self.studies.append(study)

    def leave(self, name: str, reason: str) -> None:
        """Leave an image out."""
        self.left_out.append(LeftOut(name, reason))

    def note(self, text: str) -> None:
        """Write down what a user has to know."""
        self.notes.append(text)


def counted(left_out: Iterable[LeftOut]) -> dict[str, int]:
    """Count what was left out by its reason, the most frequent first."""
    return dict(Counter(one.reason for one in left_out).most_common())


def refuse_names(archive: str, names: Iterable[object], expected: str) -> None:
    """Refuse files whose names an archive does not know.

    Args:
        archive: Its name.
        names: Of the files.
        expected: What a name looks like.

    Raises:
        StudyError: If there are any; the first are listed.
    """
    strange = [str(name) for name in names]
    if not strange:
        return
    listed = "\n  ".join(strange[:_TOLD])
    more = f"\n  … and {len(strange) - _TOLD} more" if len(strange) > _TOLD else ""
    count = "a file" if len(strange) == 1 else f"{len(strange)} files"
    msg = (
        f"{archive}: {count} whose name tells no patient:\n  {listed}{more}\n"
        f"expected: {expected}; remove what is not of the archive, or write a manifest"
    )
    raise StudyError(msg)
