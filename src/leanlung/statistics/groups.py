"""Groups: studies of one sex, age band, view, source or class, and what was lost there.

A group too small to say anything is shown as such and not left out, as silence would read like
a pass. The worst group is picked because it looks worst, so its interval is widened for having
been picked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from leanlung.statistics.comparison import Comparison
    from leanlung.statistics.estimate import Estimate

FEWEST = 10
"""Patients that a figure has to rest on before a group is spoken of: of the class, of the
others, or of the rarest class, whichever the metric hangs on."""

By = tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """One group of studies, and what the smaller model lost there.

    Attributes:
        by: Columns that make the group.
        values: Its value in each.
        metric: What was compared; in a group of one class it is about this class.
        studies: How many.
        patients: How many.
        positives: Patients by class.
        comparison: Paired, in this group alone; None where there are too few to say.
        too_few: Why there are too few; empty where there are enough.
        p: Of non-inferiority, one-sided; None where there are too few.
        p_holm: The same, corrected for all groups of the table that are spoken of.
    """

    by: By
    values: tuple[str, ...]
    metric: str
    studies: int
    patients: int
    positives: Mapping[str, int]
    comparison: Comparison | None
    too_few: str = ""
    p: float | None = None
    p_holm: float | None = None

    @property
    def name(self) -> str:
        """All of it in words, such as ``sex=female, age=60-79``."""
        pairs = zip(self.by, self.values, strict=True)
        return ", ".join(f"{column}={value}" for column, value in pairs)

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return {
            "by": list(self.by),
            "values": list(self.values),
            "name": self.name,
            "metric": self.metric,
            "studies": self.studies,
            "patients": self.patients,
            "positives": dict(self.positives),
            "comparison": None if self.comparison is None else self.comparison.as_dict(),
            "too_few": self.too_few,
            "p": self.p,
            "p_holm": self.p_holm,
        }


@dataclass(frozen=True)
class GroupTable:
    """All groups of some columns.

    Attributes:
        metric: Asked for.
        margin: The same for every group.
        level: Of the intervals.
        groups: By column, then by value; those too small among them.
        worst: The group with the largest loss; None where no group is large enough.
        worst_difference: Its difference, with an interval that holds for all the groups
            together (Bonferroni), as it was picked among them.
        told: The worst group in a sentence.
    """

    metric: str
    margin: float
    level: float
    groups: tuple[Group, ...]
    worst: Group | None
    worst_difference: Estimate | None
    told: str

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        difference = self.worst_difference
        return {
            "metric": self.metric,
            "margin": self.margin,
            "level": self.level,
            "fewest_patients": FEWEST,
            "groups": [group.as_dict() for group in self.groups],
            "worst": None if self.worst is None else self.worst.name,
            "worst_difference": None if difference is None else difference.as_dict(),
            "told": self.told,
        }
