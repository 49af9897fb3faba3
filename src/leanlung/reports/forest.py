"""A forest: what the chosen network lost, overall and class by class, on one scale.

A macro figure can hide harm to a rare class, and an AUC a shift of the answers, so that other
differences stand next to the one of the verdict.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanlung.reports import numbers
from leanlung.reports.axis import Axis, Line
from leanlung.reports.methods import basis
from leanlung.reports.tables import Cell, Table, figure, heads, label, number

if TYPE_CHECKING:
    from leanlung.reports.seeds import Seed
    from leanlung.statistics import Comparison

_GROUPS = {
    "": "All classes, by the likeliest answer",
    "sensitivity": "Sensitivity to a class",
    "auc": "AUC, a class against the rest",
}

_NAMED = 4


@dataclass(frozen=True)
class Forest:
    """Differences of two networks.

    Attributes:
        table: That of the verdict and all others, as numbers and as strips.
        told: What the others come to, in one sentence.
    """

    table: Table
    told: str


def forest(seed: Seed) -> Forest | None:
    """Draw what the chosen network lost.

    Args:
        seed: Of two networks.

    Returns:
        The forest, or None where the whole network was kept.
    """
    return None if seed.kept else Forest(_table(seed), _told(seed.elsewhere))


def _table(seed: Seed) -> Table:
    overall = seed.comparison
    differences = [one.difference for one in (overall, *seed.elsewhere)]
    ends = [end for one in differences for end in (one.value, one.low, one.high)]
    axis = Axis.around([*ends, 0.0, -overall.margin])
    rows = [
        _row(axis, overall, label(numbers.metric(overall.metric), strong=True), strong=True)
    ]
    for family, title in _GROUPS.items():
        members = [one for one in seed.elsewhere if _family(one) == family]
        if members:
            rows.append((Cell(title, kind="group", columns=3),))
            rows += [_row(axis, one, _named(one, seed)) for one in members]
    return Table(
        f"{seed.chosen.name} minus {seed.unpruned.name}",
        (*heads(""), Cell("", kind="strip"), number("difference")),
        tuple(rows),
        notes=(
            (
                "",
                f"{basis(differences)}. Below the first row: not corrected for multiplicity, "
                "for reading only; the verdict is the first row’s.",
            ),
        ),
        axis=axis,
        lines=(Line(axis.place(0.0), "zero"), Line(axis.place(-overall.margin), "margin")),
    )


def _family(comparison: Comparison) -> str:
    family, of, _ = comparison.metric.partition(":")
    return family if of else ""


def _named(comparison: Comparison, seed: Seed) -> Cell:
    _, of, name = comparison.metric.partition(":")
    if not of:
        return label(numbers.metric(comparison.metric))
    studies = seed.studies_of(seed.classes.index(name))
    return label(name, numbers.counted(studies, "study", "studies"))


def _row(
    axis: Axis, comparison: Comparison, name: Cell, *, strong: bool = False
) -> tuple[Cell, ...]:
    strip = axis.strip(comparison.difference, comparison.verdict)
    return (
        name,
        Cell("", kind="strip", strip=strip),
        figure(comparison.difference, strong=strong),
    )


def _told(others: tuple[Comparison, ...]) -> str:
    margin = numbers.plain(others[0].margin)
    found = Counter(one.verdict for one in others)
    shown = [numbers.metric(one.metric) for one in others if one.verdict == "inferior"]
    if len(shown) > _NAMED:
        shown = [*shown[:_NAMED], f"{len(shown) - _NAMED} more"]
    named = f" ({numbers.listed(shown)})" if shown else ""
    return (
        f"Of {len(others)} other differences, {found['inferior']} show a loss of more than "
        f"{margin}{named}, {found['non_inferior']} rule one out, "
        f"{found['inconclusive']} leave it open."
    )
