"""The cohort: where its images come from and went, and when the test part was opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.cautions import SHARED
from leanlung.reports.tables import Cell, Table, heads, label, number, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PARTS = ("train", "validation", "test")
_TOLD = 10


@dataclass(frozen=True)
class DataFlow:
    """What became of every image.

    Attributes:
        parts: Patients and studies of each part and class.
        remarks: One a thing left out, unknown or allowed: a title, what it comes to, and the
            first few of a list.
    """

    parts: Table
    remarks: tuple[tuple[str, str, tuple[str, ...]], ...]


def source_class_table(
    confounding: Mapping[str, Any], classes: Sequence[str], of: str
) -> Table:
    """Count the studies of every source and class.

    Args:
        confounding: As in ``data.json``.
        classes: In the order of the page; those without a study are left out.
        of: What was counted, for the caption.
    """
    classes = [name for name in classes if name in confounding["classes"]]
    # They are in alphabetical order there, and in the network's everywhere else here.
    columns = [confounding["classes"].index(name) for name in classes]
    table = [[row[column] for column in columns] for row in confounding["counts"]]
    rows = [
        (
            label(source),
            *(Cell(numbers.count(cell), shade=round(cell / sum(counts), 3)) for cell in counts),
            number(numbers.count(sum(counts))),
        )
        for source, counts in zip(confounding["sources"], table, strict=True)
    ]
    totals = [sum(column) for column in zip(*table, strict=True)]
    sums = [number(numbers.count(total), strong=True) for total in (*totals, sum(totals))]
    told = (
        f"Cramér’s V {numbers.share(confounding['cramers_v'])}; told rightly by the source "
        f"alone {numbers.share(confounding['told_by_source'])}; by the commonest class alone "
        f"{numbers.share(confounding['majority'])}"
    )
    return Table(
        of,
        heads("source", *classes, "all"),
        (*rows, (label("all sources", strong=True), *sums)),
        notes=(("", told),),
    )


def data_flow(data: Mapping[str, Any]) -> DataFlow:
    """Tell what became of every image.

    Args:
        data: As in ``data.json``.
    """
    unreadable = [
        # A reason usually names its file already.
        one["reason"] if one["image"] in one["reason"] else f"{one['image']}: {one['reason']}"
        for one in data["unreadable"]
    ]
    leaks = [
        f"{one['first']} and {one['second']} share {SHARED[one['kind']]}"
        for one in data["leaks_allowed"]
    ]
    left_out = [f"{name}: {numbers.count(times)}" for name, times in data["left_out"].items()]
    # Runs of earlier versions tell neither.
    merged = [
        f"{name} is made of {label}: {numbers.count(times)}"
        for name, labels in data.get("merged", {}).items()
        for label, times in labels.items()
    ]
    set_aside = [
        f"by {column}: {numbers.count(times)}"
        for column, times in data.get("set_aside", {}).items()
    ]
    several = list(data["patients_of_several_classes"])
    lungs = data.get("lungs")
    cropped = () if lungs is None else (_of_lungs(lungs), *_left_out_of_lungs(lungs))
    unknown = data["patients_unknown"]
    remarks: tuple[tuple[str, str, list[str]], ...] = (
        ("Left out by their label", _how_many(sum(data["left_out"].values())), left_out),
        *([("Classes made of several labels", "", merged)] if merged else []),
        *(
            [
                (
                    "Set aside by a condition of the recipe",
                    _how_many(sum(data["set_aside"].values())),
                    set_aside,
                )
            ]
            if set_aside
            else []
        ),
        ("Files that could not be read", _how_many(len(unreadable)), unreadable),
        (
            "Studies whose patient is not known",
            f"{numbers.count(unknown)}; each counts as a patient of its own, so that a patient "
            "may stand in two parts unseen"
            if unknown
            else "none",
            [],
        ),
        ("Patients with studies of several classes", _how_many(len(several)), several),
        ("Leaks found and allowed", _how_many(len(leaks)), leaks),
        *cropped,
    )
    return DataFlow(_parts(data), tuple((t, how, _first(all_)) for t, how, all_ in remarks))


def openings_table(openings: Sequence[Mapping[str, Any]]) -> Table | None:
    """List when the test part was opened, for what; None if it is not on record."""
    if not openings:
        return None
    return Table(
        "Openings of the test part",
        heads("", "time", "for", "studies", "patients", "", labels=3),
        tuple(
            (
                label(str(place)),
                words(opening["time"]),
                Cell(opening["chosen"], opening["choice_sha256"][:12], kind="words"),
                number(numbers.count(opening["studies"])),
                number(numbers.count(opening["patients"])),
                words(
                    "resumed for the same choice" if opening["again"] else "for a new choice"
                ),
            )
            for place, opening in enumerate(openings, start=1)
        ),
    )


def _parts(data: Mapping[str, Any]) -> Table:
    parts, classes = data["parts"], data["classes"]
    rows = []
    for part in _PARTS:
        if part in parts:
            studies = [parts[part]["studies"][name] for name in classes]
            figures = (parts[part]["patients"], sum(studies), *studies)
            rows.append((label(part), *(number(numbers.count(one)) for one in figures)))
    totals = (
        data["patients"],
        data["studies"],
        *(sum(parts[part]["studies"][name] for part in parts) for name in classes),
    )
    total = (
        label("all", strong=True),
        *(number(numbers.count(one), strong=True) for one in totals),
    )
    return Table(
        f"Patients and studies of {data['cohort']}",
        heads("", "patients", "studies", *classes),
        (*rows, total),
    )


def _of_lungs(lungs: Mapping[str, Any]) -> tuple[str, str, list[str]]:
    """Tell which films stayed whole although films are cropped to the lungs."""
    masks = "masks of the data" if lungs["source"] == "masks" else "masks a segmenter found"
    of = lungs["cropped"] + lungs["whole"]
    told = f"{numbers.count(lungs['whole'])} of {numbers.count(of)} ({masks})"
    by_class = [f"{name} {numbers.count(n)}" for name, n in lungs["whole_by_class"].items()]
    if lungs["whole"]:
        told += f": {', '.join(by_class)}"
    pairs = (lungs.get("segmenter") or {}).get("pairs")
    told += f"; {pairs['told']}" if pairs else ""
    listed = [f"{one['study']}: {one['reason']}" for one in lungs["whole_studies"]]
    return "Films that were not cropped to the lungs", told, listed


def _left_out_of_lungs(lungs: Mapping[str, Any]) -> tuple[tuple[str, str, list[str]], ...]:
    """Tell which films are not in the run as they have no lung mask; nothing if all stay."""
    if "left_out" not in lungs:
        return ()
    by_class = [f"{name} {numbers.count(n)}" for name, n in lungs["left_out_by_class"].items()]
    told = _how_many(lungs["left_out"])
    if lungs["left_out"]:
        told += f": {', '.join(by_class)}"
    listed = [f"{one['study']}: {one['reason']}" for one in lungs["left_out_studies"]]
    return (("Films left out as they have no lung mask", told, listed),)


def _how_many(number: int) -> str:
    return numbers.count(number) if number else "none"


def _first(entries: Sequence[str]) -> tuple[str, ...]:
    more = len(entries) - _TOLD
    return (*entries[:_TOLD], *([f"and {numbers.count(more)} more"] if more > 0 else []))
