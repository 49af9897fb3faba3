"""The lungs of a series: how many films are cropped to them, and how well they were found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.methods import level, marks_of, notes_of
from leanlung.reports.tables import Table, figure, heads, label, number
from leanlung.statistics import Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class LungsTold:
    """What the page tells of lungs.

    Attributes:
        told: Sentences.
        films: Cropped and whole, class by class.
        agreement: Of the segmenter with people; None where none was asked or measured.
    """

    told: tuple[str, ...]
    films: Table
    agreement: Table | None


def lungs_section(data: Mapping[str, Any]) -> LungsTold | None:
    """Tell how films are cropped; None where they are not.

    Args:
        data: As in ``data.json``.
    """
    lungs = data["lungs"]
    if lungs is None:
        return None
    all_of = {
        name: sum(part["studies"][name] for part in data["parts"].values())
        for name in data["classes"]
    }
    rows = [_row(label(name), of, lungs["whole_by_class"][name]) for name, of in all_of.items()]
    of, whole = lungs["cropped"] + lungs["whole"], lungs["whole"]
    by_reason = [
        f"{reason}: {numbers.count(times)}" for reason, times in _reasons(lungs).items()
    ]
    segmenter = lungs.get("segmenter")
    pairs = None if segmenter is None else segmenter.get("pairs")
    told = [
        f"{numbers.count(lungs['cropped'])} of {numbers.count(of)} films are cropped to the "
        f"lungs, {numbers.count(whole)} stay whole{_listed(by_reason)}."
    ]
    if segmenter is None:
        told.append("The lung masks come with the data.")
    elif pairs is None:
        told.append(
            "A segmenter that was there before found the lungs; which films it learnt from is "
            "not known here."
        )
    else:
        by_part = pairs["left_out_by_part"]
        told.append(
            f"One segmenter for the whole series found the lungs: {pairs['told']} "
            f"({numbers.counted(by_part['validation'], 'pair', 'pairs')} of validation, "
            f"{numbers.count(by_part['test'])} of test; "
            f"{numbers.counted(pairs['patients_left_out'], 'patient', 'patients')})."
        )
    films = Table(
        "Films cropped to the lungs",
        heads("", "films", "cropped", "whole"),
        (*rows, _row(label("all", strong=True), of, whole, strong=True)),
    )
    return LungsTold(tuple(told), films, None if segmenter is None else _agreement(segmenter))


def _agreement(segmenter: Mapping[str, Any]) -> Table | None:
    """Give how well found masks agree with people's, on patients the segmenter has not seen."""
    found = segmenter["agreement"]
    if not found:
        return None
    picked = [[Estimate.from_dict(one[name]) for name in ("dice", "iou")] for one in found]
    estimates = [each for row in picked for each in row]
    marks = marks_of(estimates)
    return Table(
        "The segmenter beside people, on patients it has not seen",
        heads(
            "masks of", "Dice", "IoU", "a twentieth of the films is below", "films", "patients"
        ),
        tuple(
            (
                label(one["source"]),
                *(figure(each, marks[each.method]) for each in row),
                number(numbers.share(one["lowest"])),
                number(numbers.count(one["films"])),
                number(numbers.count(one["patients"])),
            )
            for one, row in zip(found, picked, strict=True)
        ),
        notes_of(level(estimates), marks),
    )


def _row(head: Any, of: int, whole: int, *, strong: bool = False) -> tuple[Any, ...]:  # noqa: ANN401
    cells = (of, of - whole, whole)
    return (head, *(number(numbers.count(one), strong=strong) for one in cells))


def _reasons(lungs: Mapping[str, Any]) -> dict[str, int]:
    return dict(lungs.get("whole_by_reason", {}))  # earlier versions told none


def _listed(entries: list[str]) -> str:
    return f" ({'; '.join(entries)})" if entries else ""
