"""The guard: no run of a series learns from a patient that another is judged on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from leanlung.foundations.errors import DataRefused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leanlung.runs.gathering import Gathered

_TOLD = 5


@dataclass(frozen=True)
class Overlap:
    """What one stage learns from, held against what another is judged on.

    Attributes:
        learns: The stage whose training part is looked at.
        judged: The stage whose part is looked at.
        part: ``validation`` or ``test``.
        patients: In that part.
        shared: Of these, patients that the first stage learns from.
        alike: Pairs of nearly the same picture between the two.
    """

    learns: str
    judged: str
    part: str
    patients: int
    shared: int
    alike: int

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return asdict(self)


def overlaps(
    stages: Mapping[str, Gathered], alike: Sequence[tuple[str, str]]
) -> tuple[Overlap, ...]:
    """Hold the training part of every stage against what every other is judged on.

    Args:
        stages: The data of each, by name; all of one cohort.
        alike: Pairs of studies of that cohort with the same or nearly the same picture.
    """
    ties: dict[str, set[str]] = {}
    for one, other in alike:
        ties.setdefault(one, set()).add(other)
        ties.setdefault(other, set()).add(one)
    found = []
    for learns, first in stages.items():
        studies, patients = _of(first, "train")
        for judged, second in stages.items():
            for part in ("validation", "test"):
                held, their = _of(second, part)
                pairs = sum(len(ties.get(name, set()) & studies) for name in held)
                found.append(
                    Overlap(learns, judged, part, len(their), len(their & patients), pairs)
                )
    return tuple(found)


def require_apart(found: Sequence[Overlap]) -> None:
    """Refuse a series in which a stage learns from what another is judged on.

    Raises:
        DataRefused: Naming the stages.
    """
    bad = [one for one in found if one.shared or one.alike]
    if bad:
        told = "\n  ".join(
            f"{one.learns} learns from {one.shared} of {one.patients} patients in the "
            f"{one.part} part of {one.judged} ({one.alike} pairs of like pictures)"
            for one in bad[:_TOLD]
        )
        msg = f"patients stand on both sides:\n  {told}\nDraw the parts once for all stages"
        raise DataRefused(msg)


def require_same_parts(whole: Gathered, stages: Mapping[str, Gathered]) -> None:
    """Make sure that every stage parts its studies as the series does.

    Raises:
        DataRefused: Naming the first study that stands elsewhere.
    """
    for name, stage in stages.items():
        for study, part in stage.parts.items():
            if whole.parts.get(study) != part:
                msg = (
                    f"stage {name}: study {study!r} is in the {part} part, and in the "
                    f"{whole.parts.get(study)} part of the series; the parts must be the same"
                )
                raise DataRefused(msg)


def _of(gathered: Gathered, part: str) -> tuple[set[str], set[str]]:
    found = [s for s in gathered.cohort.studies if gathered.parts[s.study_id] == part]
    return {s.study_id for s in found}, {s.patient_id for s in found}
