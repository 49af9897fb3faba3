"""The audit of a run: what tells the class without the lungs, and what tells the source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from leanlung.reports import numbers
from leanlung.reports.tables import Cell, Table, figure, heads, label, number
from leanlung.statistics import Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping

WORDS = {
    "alarm": "Alarm: the class is told without the lungs",
    "caution": "Caution",
    "nothing_found": "Nothing found, which is no proof that there is nothing",
}
"""Verdicts of an audit in words."""


@dataclass(frozen=True)
class AuditBox:
    """What an audit came to.

    Attributes:
        look: Of its verdict.
        word: The verdict in words.
        sentences: Reasons, then cautions.
        told: How it was done, and what was left out.
        tables: Baselines, then columns.
    """

    look: Literal["alarm", "caution", "nothing_found"]
    word: str
    sentences: tuple[str, ...]
    told: tuple[str, ...]
    tables: tuple[Table, ...]


def audit_box(found: Mapping[str, Any] | None) -> AuditBox | None:
    """Tell an audit.

    Args:
        found: As in ``audit.json``; None where nobody audited.
    """
    if found is None:
        return None
    leakage = found["leakage"]
    told = [
        f"{numbers.counted(found['studies'], 'film', 'films')} of "
        f"{numbers.counted(found['patients'], 'patient', 'patients')}; {found['protocol']}",
        f"leaks between parts: {len(leakage['between'])}; films alike under different patients "
        f"or classes: {numbers.counted(len(leakage['alike']), 'pair', 'pairs')}",
        _lungs(found["lungs"]),
        *found["told"],
    ]
    tables = (_baselines(found), _columns(found))
    return AuditBox(
        found["verdict"],
        WORDS[found["verdict"]],
        (*leakage["between"], *found["reasons"], *found["cautions"]),
        tuple(told),
        tuple(table for table in tables if table is not None),
    )


def _lungs(lungs: Mapping[str, Any]) -> str:
    rule = "the rectangle around each mask" if lungs["rule"] == "masks" else "one rectangle"
    held = "" if lungs["covered"] is None else f", holding {numbers.percent(lungs['covered'])}"
    return f"lungs: {rule} for every film{held}" if lungs["rule"] == "box" else f"lungs: {rule}"


def _baselines(found: Mapping[str, Any]) -> Table | None:
    if not found["baselines"]:
        return None
    close = {reason.partition(":")[0] for reason in found["reasons"]}
    headline = found["headline"]
    notes = ["A simple probe learns the class from what is named; its AUC stands beside"]
    if headline is not None:
        value, interval = numbers.estimate(Estimate.from_dict(headline))
        notes.append(f"that of {found['headline_name']}, {value} {interval}.")
    else:
        notes.append(f"that of {found['headline_name']}.")
    rows = []
    for one in found["baselines"]:
        cells = [
            figure(Estimate.from_dict(one[name]), strong=one["name"] in close)
            for name in ("auc", "balanced_accuracy", "share", "short_of_whole")
        ]
        name = one["name"].replace("_", " ") + (" ◂ close" if one["name"] in close else "")
        rows.append((label(name, one["about"], strong=one["name"] in close), *cells))
    return Table(
        "What tells the class",
        heads(
            "seen", numbers.metric(found["settings"]["metric"]), "balanced accuracy",
            "share of the headline above chance", "short of the whole film",
        ),
        tuple(rows),
        notes=(("", " ".join(notes)),),
    )  # fmt: skip


def _columns(found: Mapping[str, Any]) -> Table | None:
    if not found["associations"]:
        return None
    probes = {one["column"]: one for one in found["probes"]}
    rows = []
    for one in found["associations"]:
        probe = probes.get(one["column"])
        read = number(numbers.NOTHING)
        if probe is not None:
            chance = numbers.share(1 / len(probe["values"]))
            value, interval = numbers.estimate(Estimate.from_dict(probe["balanced_accuracy"]))
            read = Cell(value, f"{interval} chance {chance}".strip())
        rows.append(
            (
                label(one["column"], f"{len(one['rows'])} values"),
                figure(Estimate.from_dict(one["cramers_v"])),
                number(numbers.share(one["corrected"])),
                number(numbers.share(one["told"])),
                number(numbers.share(one["majority"])),
                read,
            )
        )
    return Table(
        "What is written beside the film",
        heads(
            "column", "Cramér’s V with the class", "corrected", "class told by it",
            "by the commonest class", "read off the film",
        ),
        tuple(rows),
        notes=(("", "Read off the film: balanced accuracy of a probe that names the value."),),
    )  # fmt: skip
