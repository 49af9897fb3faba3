"""Evidence: a comparison with its p-values, its bound and what it could have shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from leanlung.statistics.power import TOO_LITTLE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from leanlung.statistics.comparison import Comparison
    from leanlung.statistics.power import Power


@dataclass(frozen=True)
class Evidence:
    """What stands behind a verdict.

    Attributes:
        comparison: With the verdict. Where verdicts on several metrics are asked for, its
            interval has the level of Holm's step, so that the verdict still follows from it.
        level: Asked for, in (0, 1); two-sided for intervals, one-sided for the bound.
        lower_bound: One-sided: the difference is above it. None where undefined.
        p_non_inferior: One-sided p against a difference of minus the margin or less; 1 where
            undefined.
        p_holm: The same, corrected for the number of metrics; None if there is one.
        metrics: On how many verdicts were asked for together.
        p_equivalent: Larger of the two one-sided p of an equivalence test within the margin
            either way; None if nobody asked.
        equivalent: Whether that is shown; None if nobody asked.
        tests: Two-sided p against no difference, by the name of the test.
        bca: BCa interval of the difference where it was resampled, to stand beside the other.
        power: What could have been shown; None where undefined.

    Source: Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15(6) (two
        one-sided tests).
    """

    comparison: Comparison
    level: float
    lower_bound: float | None
    p_non_inferior: float
    p_holm: float | None
    metrics: int
    p_equivalent: float | None
    equivalent: bool | None
    tests: Mapping[str, float]
    bca: tuple[float, float] | None
    power: Power | None

    @property
    def shown(self) -> bool:
        """Whether what was asked is shown: equivalence if that, else non-inferiority."""
        if self.equivalent is not None:
            return self.equivalent
        return self.comparison.verdict == "non_inferior"

    @property
    def cannot_answer(self) -> bool:
        """Whether the study was too small to show what it did not show."""
        undecided = self.comparison.verdict == "inconclusive"
        return undecided and self.power is not None and self.power.power < TOO_LITTLE

    def as_dict(self) -> dict[str, Any]:
        """Give all but the comparison by name, ready for JSON."""
        entries = asdict(self)
        del entries["comparison"]
        entries["bca"] = None if self.bca is None else list(self.bca)
        entries["tests"] = dict(self.tests)
        entries["shown"] = self.shown
        return entries

    def lines(self) -> list[str]:
        """Give what a reader wants beside the verdict's sentence, a line each."""
        margin = self.comparison.margin
        if self.lower_bound is None or self.power is None:
            return []
        bound = f"one-sided {100 * self.level:g} % bound {self.lower_bound:+.4f}"
        told = [f"{bound}; p of non-inferiority {_p(self.p_non_inferior)}"]
        if self.p_holm is not None:
            told[0] += f", {_p(self.p_holm)} after Holm over {self.metrics} metrics"
        if self.p_equivalent is not None:
            verb = "equivalent" if self.equivalent else "equivalence not shown"
            told.append(f"{verb} within ±{margin:g} (p {_p(self.p_equivalent)})")
        if self.tests:
            named = ", ".join(f"{name} {_p(p)}" for name, p in self.tests.items())
            told.append(f"p of no difference: {named}")
        told.append(str(self.power))
        if self.cannot_answer:
            told.append("These studies cannot answer: they are too few for this margin.")
        return told


def _p(p: float) -> str:
    return "< 0.0001" if p < 1e-4 else f"{p:.4f}"
