"""A hypothesis test: one p-value with all that it takes to read it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, get_args

from leanlung.foundations.errors import StatisticsError

if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

Alternative = Literal["two-sided", "greater", "less"]
"""What is claimed of a mean or median difference: it is not, is above or is below the null."""

Exactness = Literal["exact", "asymptotic", "monte_carlo", "t"]


@dataclass(frozen=True)
class HypothesisTest:
    """One test.

    Attributes:
        name: Such as ``wilcoxon``.
        statistic: Of the test; None where it is undefined.
        p: In [0, 1]; None where it is undefined, as where nothing varies.
        alternative: What a small p speaks for.
        method: ``exact`` by enumeration, ``monte_carlo`` by random draws, ``t`` by Student's
            distribution (exact for normal differences), ``asymptotic`` for large n.
        n: Runs, or pairs of runs.
        note: What it takes for granted; empty if that goes without saying.

    Raises:
        StatisticsError: If p is no share or the statistic is not finite.
    """

    name: str
    statistic: float | None
    p: float | None
    alternative: Alternative
    method: Exactness
    n: int
    note: str = ""

    def __post_init__(self) -> None:
        finite = self.statistic is None or math.isfinite(self.statistic)
        if not finite or (self.p is not None and not 0.0 <= self.p <= 1.0):
            msg = f"{self.name}: p = {self.p} at {self.statistic}; an undefined one is None"
            raise StatisticsError(msg)

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return asdict(self)


def require_alternative(alternative: str) -> None:
    """Refuse an alternative that is none.

    Raises:
        StatisticsError: If it is none of the three.
    """
    if alternative not in get_args(Alternative):
        msg = f"alternative {alternative!r}; one of {list(get_args(Alternative))} is expected"
        raise StatisticsError(msg)


def sided(below: float, above: float, alternative: Alternative) -> float:
    """Turn two tails of a symmetric distribution into a p-value.

    Args:
        below: Chance of a statistic as small as the one seen, or smaller.
        above: Chance of one as large, or larger.
        alternative: Which tail counts; twice the smaller one if both do.
    """
    p = {"less": below, "greater": above, "two-sided": 2.0 * min(below, above)}[alternative]
    return min(1.0, p)


def require_differences(differences: NDArray[np.float64]) -> None:
    """Refuse differences that no test can be made of.

    Raises:
        StatisticsError: If there are fewer than two, or one is not finite.
    """
    if differences.ndim != 1 or len(differences) < 2:
        msg = f"differences of shape {differences.shape}; two or more in a row are expected"
        raise StatisticsError(msg)
    if not all(map(math.isfinite, differences.tolist())):
        msg = "a difference is not finite; a number is expected of every run"
        raise StatisticsError(msg)
