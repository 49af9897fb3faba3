"""Where the networks of a series look: how far lungs and lesions are met, whole and pruned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.methods import level, marks_of, notes_of
from leanlung.reports.seeds import UNPRUNED
from leanlung.reports.tables import Cell, Table, figure, heads, label, number, words
from leanlung.statistics import Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MEASURES = {
    ("lungs", "share"): "share inside the lungs",
    ("boxes", "share"): "share inside lesion boxes",
    ("boxes", "pointing"): "peak at a lesion box",
    ("boxes", "iou"): "overlap with lesion boxes (IoU)",
}
"""What the table shows; the others stand in ``tables/attention.csv``."""


NOTE = (
    "The difference is pruned minus unpruned, on films where both have a value. By chance: a "
    "map without preference within what the network was shown."
)


@dataclass(frozen=True)
class Attention:
    """What the page tells of attention.

    Attributes:
        lead: Whose networks, how asked, on how many films.
        table: Measures by network; None where nothing could be measured.
        remarks: What is missing, what was left out, what to be careful with.
    """

    lead: str
    table: Table | None
    remarks: tuple[str, ...]


def attention_section(found: Mapping[str, Any] | None) -> Attention | None:
    """Tell where the networks look; None where nobody asked.

    Args:
        found: As in ``results.json``.
    """
    if found is None:
        return None
    films = numbers.counted(found["films"], "test film", "test films")
    patients = numbers.counted(found["patients"], "patient", "patients")
    known = [
        f"{numbers.count(found['with'][region])} have {what}"
        for region, what in (("lungs", "a lung mask"), ("boxes", "lesion boxes"))
    ]
    lead = (
        f"{films} of {patients}, of the task {found['task']}; {numbers.listed(known)}. Every "
        f"network was asked about the film's own class ({found['method']})."
    )
    left_out = [
        f"left out: {numbers.count(times)} ({why})"
        for why, times in found["left_out"].items()
        if not _of_other_parts(why)
    ]
    does_not_fit = [
        f"does not fit: {one['study_id']}: {one['problem']}" for one in _problems(found)
    ]
    empty = [
        f"{name}: nothing speaks for the class on {numbers.counted(n, 'film', 'films')}"
        for name, one in found["models"].items()
        if (n := one["empty_maps"])
    ]
    lungs = [f"lungs: {found['lungs']}"] if found["lungs"] else []
    remarks = (*found["missing"], *lungs, *left_out, *does_not_fit, *empty)
    return Attention(lead, _table(found), remarks)


def _table(found: Mapping[str, Any]) -> Table | None:
    entries = [
        (network, kind, _one(found, network, kind))
        for network in found["networks"]
        for kind in MEASURES
        if _measure(found, network[UNPRUNED], kind) is not None
    ]
    estimates = [
        one
        for *_, (whole, pruned, apart, _) in entries
        for one in (whole, pruned, apart)
        if one
    ]
    if not estimates:
        return None
    marks = marks_of(estimates)
    rows: list[tuple[Cell, ...]] = []
    named: list[str] = []
    for network, kind, (whole, pruned, apart, chance) in entries:
        name = network["network"]
        first = [label(name, rows=sum(one[0] is network for one in entries))]
        on = numbers.counted(whole.patients, "patient", "patients")
        rows.append(
            (
                *(first if name not in named else []),
                words(MEASURES[kind]),
                figure(whole, marks[whole.method]),
                _cell(pruned, marks),
                _cell(apart, marks, difference=True),
                number(chance),
                Cell(numbers.count(whole.studies), f"of {on}"),
            )
        )
        named.append(name)
    return Table(
        "Lungs and lesions in the maps, whole and pruned",
        heads("", "", UNPRUNED, "pruned", "difference", "by chance", "films", labels=2),
        tuple(rows),
        (*notes_of(f"{level(estimates)} over patients", marks), ("", NOTE)),
    )


def _one(
    found: Mapping[str, Any], network: Mapping[str, str], kind: tuple[str, str]
) -> tuple[Estimate, Estimate | None, Estimate | None, str]:
    """Give a measure of the whole and the pruned network, their difference, and chance."""
    before = _measure(found, network[UNPRUNED], kind)
    after = _measure(found, network["pruned"], kind)
    chances = [numbers.share(one["chance"]) for one in (before, after) if one is not None]
    apart = next(
        (
            Estimate.from_dict(one["difference"])
            for one in found["differences"]
            if one["model"] == network["pruned"] and (one["region"], one["measure"]) == kind
        ),
        None,
    )
    return (
        Estimate.from_dict((before or {})["estimate"]),
        Estimate.from_dict(after["estimate"]) if after is not None else None,
        apart,
        ", ".join(dict.fromkeys(chances)),
    )


def _measure(
    found: Mapping[str, Any], name: str, kind: tuple[str, str]
) -> Mapping[str, Any] | None:
    measures: Sequence[Mapping[str, Any]] = found["models"].get(name, {}).get("measures", ())
    return next((one for one in measures if (one["region"], one["measure"]) == kind), None)


def _cell(
    found: Estimate | None, marks: Mapping[str, str], *, difference: bool = False
) -> Cell:
    """Write an estimate; of a network that was kept whole there is none."""
    if found is None:
        return Cell(numbers.NOTHING if difference else "kept whole")
    return figure(found, marks[found.method])


def _problems(found: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    problems: Sequence[Mapping[str, str]] = found["problems"]
    return problems


def _of_other_parts(why: str) -> bool:
    return why in {"of the train part", "of the validation part"}
