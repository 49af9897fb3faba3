"""Rows of tables as archives publish them: odd headers, odd letters, odd ends of lines.

`leanlung.foundations.tables` refuses what a user should mend in a table of their own; nobody
mends a published one. So here a header's spaces and capitals do not count, a column without a
name is passed over with whatever stands in it, bytes that are no UTF-8 are ISO-8859-1, and a
file may be compressed.
"""

from __future__ import annotations

import csv
import gzip
import io
from typing import TYPE_CHECKING

from leanlung.foundations.blanks import is_blank
from leanlung.foundations.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def rows_of(path: Path, *needed: str) -> list[dict[str, str]]:
    """Read a table.

    Args:
        path: CSV; compressed if it ends in ``.gz``.
        needed: Columns that must be there, in small letters.

    Returns:
        One dictionary a row, by column names in small letters without spaces around them;
        cells are stripped, and what stands for nothing (``NaN``, ``None``) is empty. Of columns
        with one name the first counts.

    Raises:
        StudyError: If the file cannot be read or a column is missing.
    """
    lines = _cells(path)
    header = next(lines, [])
    names = [name.strip().casefold() for name in header]
    if missing := [name for name in needed if name not in names]:
        msg = (
            f"{path}: no column {missing[0]!r} (columns are {[n for n in names if n]}); this "
            "is not the table of the archive, or a newer one"
        )
        raise StudyError(msg)
    rows = []
    for cells in lines:
        row: dict[str, str] = dict.fromkeys(filter(None, names), "")
        for name, cell in zip(
            reversed(names), reversed(_filled(cells, len(names))), strict=True
        ):
            if name:
                row[name] = "" if _nothing(cell) else cell.strip()
        if any(row.values()):
            rows.append(row)
    return rows


def header_of(path: Path) -> list[str]:
    """Give the column names of a table, in small letters; none if it is not readable."""
    try:
        return [name.strip().casefold() for name in next(_cells(path), [])]
    except StudyError:
        return []


def lines_of(path: Path) -> list[str]:
    """Give the lines of a text, without their ends; empty ones are passed over."""
    return [line for line in _text(path).split("\n") if line.strip()]


def _cells(path: Path) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(_text(path), newline=""))
    except csv.Error as error:
        msg = f"{path}: not a CSV table ({error}); get the archive again"
        raise StudyError(msg) from error


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        if path.suffix.lower() == ".gz":
            data = gzip.decompress(data)
    except (OSError, EOFError) as error:  # a broken gzip file raises either
        msg = f"{path}: cannot be read ({error}); get the archive again"
        raise StudyError(msg) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("iso-8859-1")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _filled(cells: list[str], width: int) -> list[str]:
    return [*cells[:width], *[""] * (width - len(cells))]


def _nothing(cell: str) -> bool:
    # "Unknown" is a word of archives for a finding, which is told; so it stays.
    return is_blank(cell) and cell.strip().casefold() != "unknown"
