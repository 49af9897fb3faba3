"""Tables: CSV in and out, as a spreadsheet writes and reads them."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from leanlung.foundations.errors import StudyError
from leanlung.foundations.files import write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_DELIMITERS = ",;\t"


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a CSV file into one dictionary a row.

    Commas, semicolons and tabs are told apart by the header line (spreadsheets of many
    countries write semicolons); a byte-order mark is skipped; cells are stripped, and line
    ends within one are read as newlines.

    Args:
        path: The file, UTF-8.

    Returns:
        Rows in file order; a cell missing at the end of a row is an empty string.

    Raises:
        StudyError: If the file is missing, empty or not text, a column stands twice in its
            header, or a row has more cells than the header or quotes without an end.
    """
    return [row for _, row in numbered_rows(path)]


def numbered_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Read a CSV file as `read_table` does, each row with the line it begins in."""
    text = _text(path)
    header_line = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=header_line.count)
    lines = _lines(path, text, delimiter)
    header = [cell.strip() for cell in next(lines, (1, []))[1]]
    if not any(header):
        msg = f"{path}: empty; a header line and one row an entry were expected"
        raise StudyError(msg)
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    if doubled:
        msg = f"{path}: column {doubled[0]!r} stands twice in the header; rename one of them"
        raise StudyError(msg)
    rows = []
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(header):
            msg = (
                f"{path}, line {line}: {len(cells)} cells under {len(header)} columns; "
                "a cell that holds the delimiter must stand in quotes"
            )
            raise StudyError(msg)
        padded = [*cells, *[""] * (len(header) - len(cells))]
        named = {name: cell.strip() for name, cell in zip(header, padded, strict=True)}
        rows.append((line, named))
    return rows


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        msg = f"{path}: no such file; give the path of a CSV file with a header line"
        raise StudyError(msg) from None
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}); a CSV file was expected"
        raise StudyError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path}: not a UTF-8 text file ({error}); save the table as CSV (UTF-8)"
        raise StudyError(msg) from error


def _lines(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Take the text apart; each row comes with the line it begins in."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    begin = 1
    try:
        for cells in reader:
            yield begin, cells
            begin = reader.line_num + 1
    except csv.Error as error:
        msg = (
            f"{path}, line {begin}: not a row of a CSV file ({error}); "
            "quotes are missing or stand where they should not"
        )
        raise StudyError(msg) from error


def write_table(
    path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]
) -> None:
    """Write rows to a CSV file, whole or not at all.

    Args:
        path: Where.
        columns: Header, in order; a row without one of them gets an empty cell.
        rows: One mapping a row; a key that is no column is an error.
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    # Ends of two characters make the writer put a cell with either of them in quotes.
    write_text(path, text.getvalue().replace("\r\n", "\n"))
