"""A forest: what the chosen network lost, overall and class by class, on one scale.

A macro figure can hide harm to a rare class, so the differences by class stand next to it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanlung.reports import numbers
from leanlung.reports.axis import Axis, Line
from leanlung.reports.methods import basis
from leanlung.reports.tables import Cell, Table, figure, heads, label, number
from leanlung.statistics import compare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from leanlung.reports.seeds import Seed
    from leanlung.statistics import Comparison

_FAMILIES = {
    "sensitivity": "Sensitivity to a class",
    "auc": "AUC, a class against the rest",
}

_NAMED = 4


@dataclass(frozen=True)
class Forest:
    """Differences of two networks.

    Attributes:
        table: Overall and by class, as numbers and as strips.
        told: What the classes come to, in one sentence.
    """

    table: Table
    told: str


def forest(seed: Seed, plan: Mapping[str, Any]) -> Forest | None:
    """Compare two networks class by class.

    Args:
        seed: Of two networks.
        plan: ``margin``, ``level`` and ``resamples`` of the recipe's verdict.

    Returns:
        The forest, or None where the whole network was kept.
    """
    if seed.kept:
        return None
    by_class = {
        family: [_compared(f"{family}:{name}", seed, plan) for name in seed.classes]
        for family in _FAMILIES
    }
    single = [one for family in by_class.values() for one in family]
    return Forest(_table(seed, by_class, single), _told(single))


def _compared(metric: str, seed: Seed, plan: Mapping[str, Any]) -> Comparison:
    return compare(
        seed.unpruned.predictions,
        seed.chosen.predictions,
        metric=metric,
        margin=plan["margin"],
        level=plan["level"],
        resamples=plan["resamples"],
        # The very patients that the verdict's own bootstrap drew.
        seed=seed.bootstrap,
    )


def _table(
    seed: Seed, by_class: Mapping[str, Sequence[Comparison]], single: Sequence[Comparison]
) -> Table:
    overall = seed.comparison
    differences = [one.difference for one in (overall, *single)]
    ends = [end for one in differences for end in (one.value, one.low, one.high)]
    axis = Axis.around([*ends, 0.0, -overall.margin])
    rows = [
        _row(axis, overall, label(numbers.metric(overall.metric), strong=True), strong=True)
    ]
    for family, title in _FAMILIES.items():
        rows.append((Cell(title, kind="group", columns=3),))
        for index, one in enumerate(by_class[family]):
            studies = numbers.counted(seed.studies_of(index), "study", "studies")
            rows.append(_row(axis, one, label(seed.classes[index], studies)))
    return Table(
        f"{seed.chosen.name} minus {seed.unpruned.name}",
        (*heads(""), Cell("", kind="strip"), number("difference")),
        tuple(rows),
        notes=(
            (
                "",
                f"{basis(differences)}. By class: not corrected for multiplicity, for reading "
                "only; the verdict is the first row’s.",
            ),
        ),
        axis=axis,
        lines=(Line(axis.place(0.0), "zero"), Line(axis.place(-overall.margin), "margin")),
    )


def _row(
    axis: Axis, comparison: Comparison, name: Cell, *, strong: bool = False
) -> tuple[Cell, ...]:
    strip = axis.strip(comparison.difference, comparison.verdict)
    return (
        name,
        Cell("", kind="strip", strip=strip),
        figure(comparison.difference, strong=strong),
    )


def _told(single: Sequence[Comparison]) -> str:
    margin = numbers.plain(single[0].margin)
    found = Counter(one.verdict for one in single)
    shown = [numbers.metric(one.metric) for one in single if one.verdict == "inferior"]
    if len(shown) > _NAMED:
        shown = [*shown[:_NAMED], f"{len(shown) - _NAMED} more"]
    named = f" ({numbers.listed(shown)})" if shown else ""
    return (
        f"Of {len(single)} differences by class, {found['inferior']} show a loss of more than "
        f"{margin}{named}, {found['non_inferior']} rule one out, "
        f"{found['inconclusive']} leave it open."
    )
