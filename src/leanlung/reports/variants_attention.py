"""Where networks of variants look: how far lungs and lesions are met, by variant and epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.methods import level, marks_of, notes_of
from leanlung.reports.series_attention import MEASURES
from leanlung.reports.tables import Cell, Table, figure, heads, label, number, words
from leanlung.statistics import Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOTE = (
    "Films of the test part, asked about their own class. By chance: a map without preference "
    "within what the network was shown. Variants that show a network other pixels have another "
    "chance, so that a share is to be held against its own."
)


def maps_table(told: Mapping[str, Mapping[str, Any]]) -> Table | None:
    """Give every measure of every network that was looked into, beside its chance.

    Args:
        told: As in ``attention.json``, by the name of its folder: a variant, or a variant epoch
            by epoch and layer by layer.

    Returns:
        None where nothing could be measured, as no film has a lung mask or a lesion.
    """
    found = [
        (name, network, MEASURES[kind], Estimate.from_dict(one["estimate"]), one["chance"])
        for name, entries in told.items()
        for network, model in entries["models"].items()
        for one in model["measures"]
        if (kind := (one["region"], one["measure"])) in MEASURES
    ]
    if not found:
        return None
    estimates = [one for *_, one, _ in found]
    marks = marks_of(estimates)
    rows: list[tuple[Cell, ...]] = []
    named: set[str] = set()
    for name, network, measure, estimate, chance in found:
        head = [label(name, rows=sum(one[0] == name for one in found))]
        rows.append(
            (
                *(head if name not in named else []),
                words(network),
                words(measure),
                figure(estimate, marks[estimate.method]),
                number(numbers.share(chance)),
                Cell(
                    numbers.count(estimate.studies),
                    f"of {numbers.counted(estimate.patients, 'patient', 'patients')}",
                ),
            )
        )
        named.add(name)
    return Table(
        "Lungs and lesions in the maps",
        heads("", "", "", "in the maps", "by chance", "films", labels=3),
        tuple(rows),
        (*notes_of(f"{level(estimates)} over patients", marks), ("", _NOTE)),
    )
