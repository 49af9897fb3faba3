"""External data: what changes on the way to other patients, beside what pruning changes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.tables import Cell, Table, figure, heads, label, number
from leanlung.statistics import Comparison, Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SHOWN = {
    "non_inferior": "loss beyond the margin ruled out",
    "inferior": "loss beyond the margin shown",
    "inconclusive": "loss beyond the margin open",
}


@dataclass(frozen=True)
class ExternalBox:
    """What was found on external data.

    Attributes:
        told: Whose.
        tables: Change between patients, then by pruning.
        notes: What could not be told.
    """

    told: str
    tables: tuple[Table, ...]
    notes: tuple[str, ...]


def external_box(found: Mapping[str, Any] | None) -> ExternalBox | None:
    """Tell an evaluation on external data.

    Args:
        found: As in ``external.json``; None where there was none.
    """
    if found is None:
        return None
    left_out = [f"{name} ({times})" for name, times in found["left_out"].items()]
    told = (
        # A page that is handed on should not tell where on a disk the data lay.
        f"{'/'.join(PureWindowsPath(found['data']).parts[-2:])}: "
        f"{numbers.counted(found['studies'], 'study', 'studies')} of "
        f"{numbers.counted(found['patients'], 'patient', 'patients')}; classes "
        f"{numbers.listed(list(found['classes']))}"
        + (f"; left out: {numbers.listed(left_out)}" if left_out else "")
        + ". Nothing was fitted: thresholds and temperature are those of the bundle."
    )
    tables = [_change(found), *([_pruning(found)] if found["compression"] else [])]
    return ExternalBox(told, tuple(tables), tuple(found["notes"]))


def _change(found: Mapping[str, Any]) -> Table:
    wanted = [found["metric"], "accuracy", "balanced_accuracy"]
    rows: list[tuple[Cell, ...]] = []
    for metric in dict.fromkeys(wanted):
        cells = [
            (name, [_of(one[kind], metric) for kind in ("internal", "estimates", "drop")])
            for name, one in found["models"].items()
        ]
        if not any(one is not None for _, figures in cells for one in figures):
            continue
        for place, (name, figures) in enumerate(cells):
            first = [label(numbers.metric(metric), rows=len(cells))] if place == 0 else []
            rows.append((*first, label(name), *map(_cell, figures)))
    return Table(
        "From the test part to other patients",
        heads("metric", "network", "test part", "external", "change", labels=2),
        tuple(rows),
    )


def _pruning(found: Mapping[str, Any]) -> Table:
    sides = {"internal": "test part", "external": "external"}
    rows = []
    for side, title in sides.items():
        one = Comparison.from_dict(found["compression"][side][0])
        rows.append(
            (label(title), figure(one.difference), Cell(_SHOWN[one.verdict], kind="words"))
        )
    return Table(
        f"What pruning changes in {numbers.metric(found['metric'])}, on either side",
        heads("patients", "difference", ""),
        tuple(rows),
        notes=(("", f"Margin {numbers.plain(found['margin'])}."),),
    )


def _of(estimates: Sequence[Mapping[str, Any]], metric: str) -> Estimate | None:
    return next((Estimate.from_dict(one) for one in estimates if one["name"] == metric), None)


def _cell(found: Estimate | None) -> Cell:
    return number(numbers.NOTHING) if found is None else figure(found)
