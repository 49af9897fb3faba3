"""A comparison of runs: what changed from before to after in one group, with a verdict.

Here the unit is the run. Ten runs on one test part say how the method fares when it is run
again on that part, and nothing about other patients.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, get_args

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics.comparison import Verdict, direction_told, verdict_of_ends

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from leanlung.statistics.estimate import Ends
    from leanlung.statistics.hypothesis_test import HypothesisTest


@dataclass(frozen=True)
class RunsDifference:
    """Mean paired difference, after minus before, in the unit of the table.

    Attributes:
        value: The mean; below zero is a loss.
        low: Lower end of the two-sided interval; None where there is none.
        high: Upper end; None where there is none.
        bound: One-sided lower bound at the same level: no larger loss is likely. It lies
            above ``low``, which decides the verdict.
        level: Of interval and bound, in (0, 1).
        method: How they were reached, or why there are none.
        runs: How many pairs.
    """

    value: float
    low: float | None
    high: float | None
    bound: float | None
    level: float
    method: str
    runs: int

    @property
    def ends(self) -> Ends:
        """Lower and upper end of the interval."""
        return self.low, self.high

    def __str__(self) -> str:
        """Give ``-0.910 [-1.762, -0.058]``, with digits enough to tell the ends apart."""
        if self.low is None or self.high is None:
            return f"{self.value:.3f} [no interval]"
        digits = max(3, math.ceil(1 - math.log10(self.high - self.low)))
        return f"{self.value:.{digits}f} [{self.low:.{digits}f}, {self.high:.{digits}f}]"


@dataclass(frozen=True)
class RunsComparison:
    """What several runs of one group lost, or not.

    Attributes:
        group: Its name.
        before: Mean of the runs before, in the unit of the table.
        after: Mean of the runs after.
        difference: After minus before, paired by run.
        margin: Largest loss that is accepted, above 0, in the unit of the table.
        verdict: What the interval of the difference allows one to say.
        worse: How many runs got worse.
        equal: How many did not change.
        worst_run: The run that lost most (or gained least), counted from 1 in file order.
        worst: Its difference.
        tests: Every test, each under its own name.
        adjusted: Their p by name, adjusted by Holm over all groups; None where p is.

    Raises:
        StatisticsError: If the margin is not above 0, or the verdict is not the one that the
            interval gives.
    """

    group: str
    before: float
    after: float
    difference: RunsDifference
    margin: float
    verdict: Verdict
    worse: int
    equal: int
    worst_run: int
    worst: float
    tests: tuple[HypothesisTest, ...]
    adjusted: Mapping[str, float | None]

    def __post_init__(self) -> None:
        require_runs_margin(self.margin)
        allowed = verdict_of_ends(self.difference.ends, self.margin)
        if self.verdict != allowed:
            msg = (
                f"{self.group}: verdict {self.verdict!r}, but a difference of "
                f"{self.difference} with a margin of {self.margin:g} says {allowed!r}; "
                f"a verdict is one of {list(get_args(Verdict))}, and the one its interval gives"
            )
            raise StatisticsError(msg)

    @property
    def p(self) -> dict[str, float | None]:
        """The p of every test by its name."""
        return {one.name: one.p for one in self.tests}

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, and ``p`` of every test, ready for JSON."""
        entries = asdict(self)
        entries["adjusted"] = dict(self.adjusted)
        tests = entries.pop("tests")
        return entries | {"p": self.p, "p_holm": entries.pop("adjusted"), "tests": tests}


def require_runs_margin(margin: float) -> None:
    """Refuse a margin that is not above 0.

    Raises:
        StatisticsError: If it is one.
    """
    if not (math.isfinite(margin) and margin > 0):
        msg = (
            f"margin is the largest loss accepted, a number above 0 in the unit of the table; "
            f"got {margin} (for one point write 1 if the table is in percent, 0.01 if in "
            "shares)"
        )
        raise StatisticsError(msg)


def runs_sentence(comparison: RunsComparison) -> str:
    """Say the verdict on a group in plain words, never stronger than the interval.

    Returns:
        The verdict, the difference with its interval and method, how many runs it rests on
        how many of them got worse, and the
        largest loss.
    """
    group, difference = comparison.group, comparison.difference
    if difference.low is None:
        return f"{group}: inconclusive, as the difference has no interval: {difference.method}."
    claim = {
        "non_inferior": f"non-inferior within {comparison.margin:g}",
        "inferior": f"inferior, losing more than {comparison.margin:g} on average",
        "inconclusive": (
            f"inconclusive: whether the mean loss is more than {comparison.margin:g} cannot be "
            "told from these runs"
        ),
    }[comparison.verdict]
    worst = f", one by {comparison.worst:g}" if comparison.worse else ""
    return (
        f"{group}: {claim}; difference {difference} ({100 * difference.level:g} % interval, "
        f"{difference.method}, {difference.runs} runs, {comparison.worse} of them worse{worst})"
        f"{direction_told(comparison.verdict, difference.ends)}."
    )


def about_runs(runs: int) -> str:
    """Say what such comparisons are about and what not."""
    return (
        f"Runs are the unit ({runs} pairs in all): this says how the method fares when it is "
        "run again on the same data, and nothing about patients."
    )
