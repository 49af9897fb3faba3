"""The verdict of an audit: whether something other than the lungs may tell the class.

Reasons for the limits stand in docs/decisions/014-audit.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanlung.evaluation.associations import Association
    from leanlung.evaluation.shortcuts import Baseline

Level = Literal["alarm", "caution", "nothing_found"]

NEAR = 0.05
"""A baseline this close to the whole film, in AUC, is as good as it."""

MOST = 0.80
"""The share of the headline above chance from which a baseline explains most of it."""

FLOOR = 0.60
"""An AUC below this is nothing that a headline could rest on."""

STRONG = 0.50
"""Cramér's V from which a column is said to nearly tell the class."""

NOTHING = (
    "nothing found by these simple probes; that is no proof that there is nothing to be found"
)


class Verdict(NamedTuple):
    """What an audit comes to.

    Attributes:
        level: ``alarm`` where a baseline without lungs comes close to the headline,
            ``caution`` where something else asks for care.
        reasons: Of the alarm, a sentence each.
        cautions: A sentence each.
    """

    level: Level
    reasons: tuple[str, ...]
    cautions: tuple[str, ...]


def judge(
    baselines: Sequence[Baseline],
    associations: Sequence[Association],
    readable: Sequence[str],
    headline: str,
) -> Verdict:
    """Judge what was found.

    Args:
        baselines: All of them.
        associations: All of them.
        readable: Columns that the probe reads off the film better than chance.
        headline: What the AUC is set beside, in words.
    """
    reasons, cautions = [], []
    for one in baselines:
        close = _closeness(one, headline)
        if not close:
            continue
        told = f"{one.name}: {one.about}: AUC {one.auc}, {close}"
        if one.without_lungs and one.in_picture:
            reasons.append(told)
        elif not one.in_picture:
            cautions.append(told)
    for table in associations:
        value = table.cramers_v.value
        if value is not None and value >= STRONG:
            seen = " and can be read off the film" if table.column in readable else ""
            cautions.append(
                f"{table.column} nearly tells the class (Cramér's V {table.cramers_v}){seen}: "
                f"its commonest class is right for {100 * table.told:.1f} % of films, always "
                f"answering one class for {100 * table.majority:.1f} %"
            )
    level: Level = "alarm" if reasons else "caution" if cautions else "nothing_found"
    return Verdict(level, tuple(reasons), tuple(cautions))


def _closeness(one: Baseline, headline: str) -> str:
    """Say how close a baseline comes; nothing where it does not."""
    if (one.auc.value or 0.0) < FLOOR or (one.auc.low or 0.0) <= 0.5:
        return ""
    told = []
    if one.share.value is not None and one.share.value >= MOST:
        told.append(f"{one.share} of what {headline} has above chance")
    short = one.short_of_whole
    if short.value is not None and short.value <= NEAR and one.name != "whole":
        told.append(f"{short} short of the same probe on the whole film")
    return "; ".join(told)
