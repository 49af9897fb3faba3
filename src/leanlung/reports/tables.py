"""A table: rows of cells, before they become HTML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from leanlung.reports import numbers

if TYPE_CHECKING:
    from leanlung.reports.axis import Axis, Line, Strip
    from leanlung.statistics import Estimate

Kind = Literal["number", "label", "words", "strip", "group"]


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        text: What stands in it.
        below: A second, smaller line, such as an interval.
        mark: Of the note that explains it.
        kind: ``number``, ``label`` (names its row), ``words``, ``strip`` (a drawing) or
            ``group`` (names the rows that follow).
        rows: How many rows it spans.
        columns: How many columns it spans.
        shade: Of its background, in [0, 1].
        strip: What is drawn in it.
        strong: Whether it stands out.
    """

    text: str
    below: str = ""
    mark: str = ""
    kind: Kind = "number"
    rows: int = 1
    columns: int = 1
    shade: float = 0.0
    strip: Strip | None = None
    strong: bool = False


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        caption: Says what it holds.
        head: Names of the columns.
        rows: One or more; cells that span rows above are left out below them.
        notes: Marks and what they stand for; an empty mark is about the whole table.
        axis: Shared by the strips, if there are any.
        lines: Across the strips.
    """

    caption: str
    head: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[tuple[str, str], ...] = ()
    axis: Axis | None = None
    lines: tuple[Line, ...] = ()


def number(text: str, *, strong: bool = False) -> Cell:
    """Make a cell that holds a number."""
    return Cell(text, strong=strong)


def label(text: str, below: str = "", *, rows: int = 1, strong: bool = False) -> Cell:
    """Make a cell that names its row."""
    return Cell(text, below, kind="label", rows=rows, strong=strong)


def words(text: str) -> Cell:
    """Make a cell of running text."""
    return Cell(text, kind="words")


def figure(found: Estimate, mark: str = "", *, strong: bool = False) -> Cell:
    """Make a cell of an estimate, its interval below."""
    value, interval = numbers.estimate(found)
    return Cell(value, interval, mark, strong=strong)


def heads(*names: str, labels: int = 1) -> tuple[Cell, ...]:
    """Name columns: the first few as those of labels, the others as those of numbers."""
    return tuple(
        Cell(name, kind="words" if place < labels else "number")
        for place, name in enumerate(names)
    )
