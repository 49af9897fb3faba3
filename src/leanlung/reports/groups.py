"""Groups: what the chosen network lost in each, on one scale; those too small among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.axis import Axis, Line
from leanlung.reports.tables import Cell, Table, figure, heads, label, number
from leanlung.statistics import Comparison

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leanlung.reports.seeds import Seed

_COLUMNS = 4
_LEAST = 0.001


@dataclass(frozen=True)
class GroupForest:
    """What was lost in groups, by one metric.

    Attributes:
        table: All groups.
        told: The worst of them, in a sentence.
    """

    table: Table
    told: str


def group_forests(seed: Seed) -> tuple[GroupForest, ...]:
    """Draw what was lost in each group, one forest a metric.

    Args:
        seed: With its groups.

    Returns:
        Nothing where the whole network was kept, or a run tells of no groups.
    """
    return tuple(GroupForest(_table(found), found["told"]) for found in seed.groups)


def p_value(p: float | None) -> str:
    """Write a p-value with as many digits as mean something."""
    if p is None:
        return numbers.NOTHING
    return f"< {_LEAST:g}" if p < _LEAST else f"{p:.3f}"


def _table(found: Mapping[str, Any]) -> Table:
    spoken = [
        Comparison.from_dict(group["comparison"]).difference
        for group in found["groups"]
        if group["comparison"] is not None
    ]
    ends = [end for one in spoken for end in (one.value, one.low, one.high)]
    axis = Axis.around([*ends, 0.0, -found["margin"]])
    rows: list[tuple[Cell, ...]] = []
    by: list[str] = []
    for group in found["groups"]:
        if group["by"] != by:
            by = group["by"]
            rows.append((Cell(" and ".join(by), kind="group", columns=_COLUMNS),))
        rows.append(_row(axis, group, found))
    metric = numbers.metric(found["metric"])
    return Table(
        f"Difference in {metric} in each group",
        (*heads(""), number("p, Holm"), Cell("", kind="strip"), number("difference")),
        tuple(rows),
        notes=(("", _note(found)),),
        axis=axis,
        lines=(Line(axis.place(0.0), "zero"), Line(axis.place(-found["margin"]), "margin")),
    )


def _note(found: Mapping[str, Any]) -> str:
    return (
        f"{numbers.plain(100 * found['level'])} % intervals; the dashed line is the margin of "
        f"{numbers.plain(found['margin'])}. p is one-sided, of a loss of the margin or more, "
        "corrected for all groups by Holm’s method. A class is held against all others. "
        f"A figure that rests on fewer than {found['fewest_patients']} patients is too "
        "few to say."
    )


def _row(axis: Axis, group: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[Cell, ...]:
    worst = group["name"] == found["worst"]
    counted = (
        f"{numbers.counted(group['studies'], 'study', 'studies')} of "
        f"{numbers.counted(group['patients'], 'patient', 'patients')}"
    )
    below = [counted]
    if group["metric"] != found["metric"]:
        below.insert(0, numbers.metric(group["metric"]).partition(":")[0])
    if worst:
        below.insert(0, "the worst")
    name = label(", ".join(group["values"]), "; ".join(below), strong=worst)
    if group["comparison"] is None:
        reason = f"too few to say: {group['too_few']}"
        return name, Cell(reason, kind="words", columns=_COLUMNS - 1)
    comparison = Comparison.from_dict(group["comparison"])
    strip = axis.strip(comparison.difference, comparison.verdict)
    return (
        name,
        number(p_value(group["p_holm"])),
        Cell("", kind="strip", strip=strip),
        figure(comparison.difference, strong=worst),
    )
