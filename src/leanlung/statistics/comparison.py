"""A comparison: two models on the same studies, and the verdict on what was lost."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, get_args

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics.estimate import Estimate, require_entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Self

    from leanlung.statistics.estimate import Ends

Verdict = Literal["non_inferior", "inferior", "inconclusive"]


@dataclass(frozen=True)
class Comparison:
    """What a candidate has lost, or not, against a baseline.

    Attributes:
        metric: Name of what was compared; higher is better.
        baseline: Its estimate, under the name of the model.
        candidate: Its estimate, under the name of the model.
        difference: Candidate minus baseline, paired; below zero is a loss.
        margin: Largest loss that is accepted, in (0, 1), fixed before looking.
        verdict: What the interval of the difference allows one to say.

    Raises:
        StatisticsError: If the margin is no positive share, or the verdict is not the one
            that the interval gives.
    """

    metric: str
    baseline: Estimate
    candidate: Estimate
    difference: Estimate
    margin: float
    verdict: Verdict

    def __post_init__(self) -> None:
        allowed = verdict_of(self.difference, self.margin)
        if self.verdict != allowed:
            msg = (
                f"{self.metric}: verdict {self.verdict!r}, but a difference of "
                f"{self.difference} with a margin of {self.margin:g} says {allowed!r}; "
                f"a verdict is one of {list(get_args(Verdict))}, and the one its interval gives"
            )
            raise StatisticsError(msg)

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, the estimates nested, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, entries: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gave.

        Raises:
            StatisticsError: If an entry is missing or unknown, or they contradict each other.
        """
        require_entries(entries, cls)
        estimates = {
            name: Estimate.from_dict(entries[name])
            for name in ("baseline", "candidate", "difference")
        }
        return cls(**{**entries, **estimates})


def require_margin(margin: float) -> None:
    """Refuse a margin outside (0, 1).

    Raises:
        StatisticsError: If it is one.
    """
    if not 0.0 < margin < 1.0:
        msg = (
            f"margin is the largest loss accepted, a positive share below 1; got {margin} "
            "(for two points of a hundred write 0.02)"
        )
        raise StatisticsError(msg)


def verdict_of(difference: Estimate, margin: float) -> Verdict:
    """Say what an interval shows.

    Args:
        difference: Candidate minus baseline.
        margin: Largest loss that is accepted, in (0, 1).

    Returns:
        ``non_inferior`` if the whole interval lies above ``-margin``, ``inferior`` if it lies
        below, and ``inconclusive`` if it holds ``-margin`` or there is none. With a two-sided
        95 % interval either claim is made at a one-sided 2.5 %.

    Raises:
        StatisticsError: If the margin is no positive share.

    Source: Piaggio et al. 2012 (CONSORT for non-inferiority trials), figure 1.
    """
    require_margin(margin)
    return verdict_of_ends((difference.low, difference.high), margin)


def verdict_of_ends(ends: Ends, margin: float) -> Verdict:
    """Say what an interval shows, in any unit, as `verdict_of` says it for shares."""
    low, high = ends
    if low is not None and low > -margin:
        return "non_inferior"
    if high is not None and high < -margin:
        return "inferior"
    return "inconclusive"


def sentence(comparison: Comparison, elsewhere: Iterable[Comparison] = ()) -> str:
    """Say the verdict in plain words, never stronger than the interval.

    Args:
        comparison: That of the verdict.
        elsewhere: By other metrics, those of `metrics_elsewhere`.

    Returns:
        The verdict, the difference with its interval and its method, how many studies and
        patients it rests on, and whether a loss or a gain is likely at all; then every other
        metric that lost more than the margin, as a verdict may not hide it.
    """
    lost = [f"{one.metric} {one.difference}" for one in elsewhere if one.verdict == "inferior"]
    told = _verdict_told(comparison)
    if not lost:
        return told
    return f"{told} Beyond the margin {_EVEN_SO[comparison.verdict]}: {'; '.join(lost)}."


_EVEN_SO: dict[Verdict, str] = {
    "non_inferior": "all the same",
    "inconclusive": "for certain",
    "inferior": "too",
}


def _verdict_told(comparison: Comparison) -> str:
    baseline, candidate = comparison.baseline.name, comparison.candidate.name
    within = f"{comparison.margin:g} of {comparison.metric}"
    difference = comparison.difference
    if difference.low is None or difference.high is None:
        return (
            f"inconclusive: the difference in {comparison.metric} between {candidate} and "
            f"{baseline} has no interval ({difference.method})."
        )
    claim = {
        "non_inferior": f"{candidate} is non-inferior to {baseline} within {within}",
        "inferior": f"{candidate} is inferior to {baseline}, losing more than {within}",
        "inconclusive": (
            f"inconclusive: whether {candidate} loses more than {within} against {baseline} "
            "cannot be told from these studies"
        ),
    }[comparison.verdict]
    return (
        f"{claim}: difference {difference} ({100 * difference.level:g} % interval, "
        f"{difference.method}, {difference.studies} studies of {difference.patients} patients)"
        f"{direction_told(comparison.verdict, (difference.low, difference.high))}."
    )


def direction_told(verdict: Verdict, ends: Ends) -> str:
    """Say whether a loss or a gain is likely at all, for the end of a sentence."""
    low, high = ends
    below = high is not None and high < 0.0
    above = low is not None and low > 0.0
    if verdict == "non_inferior" and below:
        return "; the whole interval lies below zero, so a small loss is likely"
    if verdict == "inconclusive" and below:
        return "; the whole interval lies below zero, so a loss is likely, its size is open"
    if above:
        return "; the whole interval lies above zero, so a gain is likely"
    return ""
