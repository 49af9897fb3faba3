"""Grouping: which group every study belongs to, by sex, age band, view, source or any column.

A cell that says nothing puts its study into the group ``unknown``, which is measured and shown
like any other: whose sex nobody wrote down is no random part of the patients.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leanlung.foundations.blanks import is_blank
from leanlung.foundations.errors import StatisticsError, UsageError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.foundations.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from leanlung.statistics.predictions import Predictions

UNKNOWN, UNREADABLE = "unknown", "unreadable"

CLASS = "class"
"""Names the true class of a study as its group; no table needs to tell it."""

AGE_BANDS = (("<2", 2.0), ("2-17", 18.0), ("18-39", 40.0), ("40-59", 60.0), ("60-79", 80.0))
"""Names of the bands with the age in years that each ends below; the last is ``80+``."""

OLDEST = "80+"

_AGE = re.compile(r"(\d+(?:[.,]\d+)?)\s*(d|w|m|y|years?)?\+?", re.IGNORECASE)
_YEARS = {"d": 1 / 365.25, "w": 7 / 365.25, "m": 1 / 12}
_LONGEST_LIFE = 130.0
_SEXES = {"f": "female", "female": "female", "m": "male", "male": "male", "o": "other"}
_SHOWN = 3


def age_band(cell: str) -> str:
    """Give the age band of a cell.

    Args:
        cell: Years such as ``54`` or ``0.5``, or as DICOM writes it: ``054Y``, ``018M``,
            ``003W``, ``010D``; ``90+`` is read as 90.

    Returns:
        ``<2``, ``2-17``, ``18-39``, ``40-59``, ``60-79``, ``80+``; ``unknown`` for a blank and
        ``unreadable`` for anything else.

    Examples:
        >>> age_band("054Y"), age_band("18M"), age_band("n/a"), age_band("old")
        ('40-59', '<2', 'unknown', 'unreadable')
    """
    if is_blank(cell):
        return UNKNOWN
    found = _AGE.fullmatch(cell.strip())
    if found is None:
        return UNREADABLE
    years = float(found[1].replace(",", ".")) * _YEARS.get((found[2] or "y")[0].lower(), 1.0)
    if years > _LONGEST_LIFE:
        return UNREADABLE
    return next((name for name, end in AGE_BANDS if years < end), OLDEST)


def group_name(column: str, cell: str) -> str:
    """Give the group that a cell puts its study into.

    Args:
        column: ``age`` is parted into bands, ``sex`` is read in any spelling (``M``,
            ``male``); cells of any other column are groups as they stand.
        cell: What the table says of a study.
    """
    match column.casefold():
        case "age":
            return age_band(cell)
        case "sex":
            written = cell.strip()
            return _SEXES.get(written.casefold(), UNKNOWN if is_blank(cell) else written)
        case _:
            return UNKNOWN if is_blank(cell) else cell.strip()


def order_of(column: str, group: str) -> tuple[int, str]:
    """Give what groups of a column are sorted by: ages by age, others by name, unknown last."""
    bands = [*(name for name, _ in AGE_BANDS), OLDEST] if column.casefold() == "age" else []
    if group in {UNKNOWN, UNREADABLE}:
        return len(bands) + 1, group
    return (bands.index(group) if group in bands else len(bands)), group


def group_columns(
    predictions: Predictions, cells: Mapping[str, Mapping[str, str]], by: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """Give the group of every study in each of some columns.

    Args:
        predictions: Say which studies, and their true classes.
        cells: By column and study id, what is known; a study that is missing is unknown.
        by: Names of columns, or ``class``.

    Returns:
        By column, one group a study, in the order of the predictions.

    Raises:
        StatisticsError: If a column is not there.
    """
    found = {}
    for column in by:
        if column == CLASS:
            names = [predictions.classes[label] for label in predictions.labels]
        elif column in cells:
            known = cells[column]
            names = [
                group_name(column, known.get(study, "")) for study in predictions.study_ids
            ]
        else:
            there = [*cells, CLASS]
            hint = did_you_mean(column, there)
            msg = f"no column {column!r} to group by; there are {there}{hint}"
            raise StatisticsError(msg)
        found[column] = tuple(names)
    return found


def read_cells(
    path: Path, study_ids: Sequence[str], by: Iterable[str]
) -> dict[str, dict[str, str]]:
    """Read the columns of a manifest that studies are grouped by.

    Args:
        path: A CSV file with a column ``study_id`` (or ``image_path``, which stands for it in
            a manifest) and those asked for.
        study_ids: Those that are to be grouped; others in the table do not matter.
        by: Names of columns; ``class`` needs none.

    Returns:
        By column and study id, the cells.

    Raises:
        StudyError: If the file is missing or no table.
        UsageError: If a column is missing.
        StatisticsError: If none of the studies is in the table, or one is in it twice.
    """
    rows = read_table(path)
    columns = list(rows[0]) if rows else []
    for column in by:
        if column not in (*columns, CLASS):
            there = [*columns, CLASS]
            hint = did_you_mean(column, there)
            msg = f"{path}: no column {column!r} to group by; there are {there}{hint}"
            raise UsageError(msg)
    if not {"study_id", "image_path"} & set(columns):
        hint = did_you_mean("study_id", columns)
        msg = f"{path}: no column 'study_id' to find the studies by (columns {columns}){hint}"
        raise UsageError(msg)
    wanted = set(study_ids)
    kept: dict[str, dict[str, str]] = {}
    for row in rows:
        name = row.get("study_id") or row.get("image_path") or ""
        if name in kept:
            msg = f"{path}: study {name!r} stands twice; one row a study is expected"
            raise StatisticsError(msg)
        if name in wanted:
            kept[name] = row
    if not kept:
        theirs = [row.get("study_id") or row.get("image_path") for row in rows[:_SHOWN]]
        msg = (
            f"{path}: none of the {len(wanted)} studies of the predictions is in it; it names "
            f"{theirs}, they {list(study_ids[:_SHOWN])}"
        )
        raise StatisticsError(msg)
    return {
        column: {name: row[column] for name, row in kept.items()}
        for column in by
        if column != CLASS
    }
