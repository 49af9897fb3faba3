"""Leaks: a patient, a file or nearly the same picture in two parts of a split."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Literal

from leanlung.foundations.errors import DataRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from leanlung.studies.study import Cohort

Kind = Literal["patient", "identical", "near_identical"]

_TOLD = 20
_WORDS: dict[Kind, str] = {
    "patient": "share a patient",
    "identical": "are the same picture",
    "near_identical": "are nearly the same picture",
}

IN_A_RUN = (
    "Give such studies one patient_id or one part, set look_alikes = 'together' in the "
    "recipe's [split] to keep look-alike patients together, or run with --allow: the report is "
    "then stamped"
)


@dataclass(frozen=True)
class Leak:
    """Two studies that must not stand in different parts.

    Attributes:
        kind: What they share.
        first: Study id.
        second: Study id.
        parts: Where they stand, in the same order.
    """

    kind: Kind
    first: str
    second: str
    parts: tuple[str, str]


def look_alikes(
    identical: Mapping[str, str], near: Iterable[tuple[str, str]]
) -> list[tuple[Kind, str, str]]:
    """List pairs of studies with the same or nearly the same picture.

    Args:
        identical: Fingerprint of the decoded pixels, by study id.
        near: Pairs of study ids whose perceptual hashes are close.

    Returns:
        Each pair once; a pair that is identical is not listed as near-identical too.
    """
    same: dict[str, list[str]] = {}
    for study, fingerprint in identical.items():
        same.setdefault(fingerprint, []).append(study)
    pairs: list[tuple[Kind, str, str]] = [
        ("identical", one, other)
        for studies in same.values()
        for one, other in combinations(studies, 2)
    ]
    known = {frozenset(pair[1:]) for pair in pairs}
    for one, other in near:
        if frozenset((one, other)) not in known:
            known.add(frozenset((one, other)))
            pairs.append(("near_identical", one, other))
    return pairs


def find_leaks(
    cohort: Cohort, parts: Mapping[str, str], alike: Sequence[tuple[Kind, str, str]]
) -> tuple[Leak, ...]:
    """Find what stands in two parts.

    Args:
        cohort: All studies.
        parts: Of every study, by study id.
        alike: Pairs with the same or nearly the same picture.

    Returns:
        Leaks, patients first; of a patient in several parts, one pair for each two parts.
    """
    leaks = []
    seen: dict[str, dict[str, str]] = {}
    for study in cohort.studies:
        seen.setdefault(study.patient_id, {}).setdefault(parts[study.study_id], study.study_id)
    for where in seen.values():
        for (part, one), (other_part, other) in combinations(where.items(), 2):
            leaks.append(Leak("patient", one, other, (part, other_part)))
    for kind, one, other in alike:
        if parts[one] != parts[other]:
            leaks.append(Leak(kind, one, other, (parts[one], parts[other])))
    return tuple(leaks)


def refuse_leaks(leaks: Sequence[Leak], advice: str = IN_A_RUN) -> None:
    """Refuse a split with leaks.

    Args:
        leaks: As found.
        advice: What to do about them.

    Raises:
        DataRefused: With the list, if there are any.
    """
    if not leaks:
        return
    lines = [
        f"{leak.first} ({leak.parts[0]}) and {leak.second} ({leak.parts[1]}) "
        f"{_WORDS[leak.kind]}"
        for leak in leaks[:_TOLD]
    ]
    more = f"\n  … and {len(leaks) - _TOLD} more" if len(leaks) > _TOLD else ""
    count = "a leak" if len(leaks) == 1 else f"{len(leaks)} leaks"
    msg = (
        f"{count} between the parts of the split:\n  "
        + "\n  ".join(lines)
        + more
        + f"\n{advice}"
    )
    raise DataRefused(msg)
