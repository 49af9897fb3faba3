"""Tables: CSV in and out, as a spreadsheet writes and reads them."""

from __future__ import annotations

import codecs
import csv
import io
import re
from typing import TYPE_CHECKING

from leanlung.foundations.errors import StudyError
from leanlung.foundations.files import write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_DELIMITERS = ",;\t"
_NOTHING = _DELIMITERS + ' "'
"""All that a line holds in which no cell is filled."""

_NAMED = re.compile(r'"?sep=(\t|[^"\w\s])"?', re.IGNORECASE)


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a CSV file into one dictionary a row.

    Commas, semicolons and tabs are told apart by the header line (spreadsheets of many
    countries write semicolons), unless a line ``sep=;`` above it names the delimiter, as Excel
    writes it. Lines without a filled cell are passed over, columns without a name left out;
    cells are stripped, and line ends within one are read as newlines.

    Args:
        path: The file, UTF-8, or UTF-16 with its byte-order mark.

    Returns:
        Rows in file order; a cell missing at the end of a row is an empty string.

    Raises:
        StudyError: If the file is missing, empty or not text, a column stands twice in its
            header, or a row has more cells than the header or quotes without an end.
    """
    return [row for _, row in numbered_rows(path)]


def numbered_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Read a CSV file as `read_table` does, each row with the line it begins in."""
    found = _lines(path, _text(path).split("\n"))
    header = [cell.strip() for cell in next(found, (1, []))[1]]
    if not header:
        msg = f"{path}: empty; a header line and one row an entry were expected"
        raise StudyError(msg)
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    if doubled:
        msg = f"{path}: column {doubled[0]!r} stands twice in the header; rename one of them"
        raise StudyError(msg)
    columns = max(place for place, name in enumerate(header, start=1) if name)
    rows = []
    for line, cells in found:
        filled = [place for place, cell in enumerate(cells, start=1) if cell.strip()]
        if not filled:
            continue
        if len(cells) > len(header) or filled[-1] > columns:
            count = len(cells) if len(cells) > len(header) else filled[-1]
            msg = (
                f"{path}, line {line}: {count} cells under {columns} columns; "
                "a cell that holds the delimiter must stand in quotes"
            )
            raise StudyError(msg)
        padded = [*cells, *[""] * (len(header) - len(cells))]
        named = {n: cell.strip() for n, cell in zip(header, padded, strict=True) if n}
        rows.append((line, named))
    return rows


def _text(path: Path) -> str:
    """Decode a file; every kind of line end becomes a newline."""
    try:
        data = path.read_bytes()
        sixteen_bit = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = data.decode("utf-16" if sixteen_bit else "utf-8-sig")
    except FileNotFoundError:
        msg = f"{path}: no such file; give the path of a CSV file with a header line"
        raise StudyError(msg) from None
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}); a CSV file was expected"
        raise StudyError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path}: not a UTF-8 text file ({error}); save the table as CSV (UTF-8)"
        raise StudyError(msg) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        msg = (
            f"{path}, line {line}: a NUL byte, which no text holds; the file is damaged or not "
            "UTF-8; save the table as CSV (UTF-8)"
        )
        raise StudyError(msg)
    return text


def _lines(path: Path, lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Take a table apart, from its header on; each row comes with the line it begins in."""
    filled = (number for number, line in enumerate(lines) if line.strip(_NOTHING))
    first = next(filled, len(lines))
    named = _NAMED.fullmatch(lines[first]) if first < len(lines) else None
    if named:
        first = next(filled, len(lines))
    if first == len(lines):
        return
    delimiter = named[1] if named else max(_DELIMITERS, key=lines[first].count)
    text = io.StringIO("\n".join(lines[first:]), newline="")
    reader = csv.reader(text, delimiter=delimiter, skipinitialspace=True, strict=True)
    begin = first + 1
    try:
        for cells in reader:
            yield begin, cells
            begin = first + reader.line_num + 1
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
