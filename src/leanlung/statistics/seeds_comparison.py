"""A comparison over seeds: one verdict from several trainings of both models."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from leanlung.statistics.comparison import Comparison


@dataclass(frozen=True)
class SeedDifference:
    """One seed on all studies.

    Attributes:
        seed: Its name.
        baseline: The metric of the baseline; None where it is undefined.
        candidate: The metric of the candidate; None where it is undefined.
        difference: Candidate minus baseline; None where it is undefined.
    """

    seed: str
    baseline: float | None
    candidate: float | None
    difference: float | None


@dataclass(frozen=True)
class SeedsComparison:
    """What a candidate lost against a baseline, over several seeds of either or both.

    Attributes:
        comparison: Of the means over seeds, with the verdict.
        by_seed: Every seed by itself, without an interval.
        between_seeds: Standard deviation of the differences between seeds; None where the
            metric is undefined.
        seeds_error: Standard error that comes from having only these seeds.
        patients_error: Standard error that comes from having only these patients.
        p_non_inferiority: One-sided p against a mean loss of the margin or more.
    """

    comparison: Comparison
    by_seed: tuple[SeedDifference, ...]
    between_seeds: float | None
    seeds_error: float | None
    patients_error: float | None
    p_non_inferiority: float | None

    def as_dict(self) -> dict[str, Any]:
        """Give the fields of the comparison, with ``seeds`` and ``spread`` beside them."""
        return self.comparison.as_dict() | {
            "seeds": [asdict(one) for one in self.by_seed],
            "spread": {
                "between_seeds": self.between_seeds,
                "seeds_error": self.seeds_error,
                "patients_error": self.patients_error,
            },
            "p_non_inferiority": self.p_non_inferiority,
        }


def seeds_sentence(found: SeedsComparison) -> str:
    """Say how far seeds differ, beside the sentence of the verdict."""
    differences = [one.difference for one in found.by_seed if one.difference is not None]
    if found.between_seeds is None or not differences:
        return f"{len(found.by_seed)} seeds, of which the metric is undefined for one or more."
    worse = sum(one < 0 for one in differences)
    few = (
        " Two seeds say next to nothing about the spread between seeds; train three or more."
        if len(differences) == 2
        else ""
    )
    return (
        f"Over {len(differences)} seeds the difference runs from {min(differences):+.4f} to "
        f"{max(differences):+.4f} (standard deviation {found.between_seeds:.4f}), {worse} of "
        f"them a loss.{few}"
    )
