"""Sheets: tables in .xlsx files; openpyxl, an optional part, is imported when one is met."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.foundations.errors import StudyError

if TYPE_CHECKING:
    from pathlib import Path

EXTRA = 'pip install "leanlung[xlsx]"'


def sheet_rows(path: Path, *needed: str, sheet: str = "") -> list[dict[str, str]]:
    """Read a sheet of a workbook.

    Args:
        path: The .xlsx file.
        needed: Columns that must be there, in small letters.
        sheet: Its name; the first where there is none of that name.

    Returns:
        One dictionary a row, by column names in small letters without spaces around them.

    Raises:
        StudyError: If openpyxl is missing, the file is no workbook or a column is missing.
    """
    try:
        import openpyxl
    except ImportError as error:
        msg = f"{path}: tells what file names do not, and openpyxl is not installed; {EXTRA}"
        raise StudyError(msg) from error
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        chosen = book[sheet] if sheet in book.sheetnames else book.worksheets[0]
        lines = [
            ["" if cell is None else str(cell).strip() for cell in line]
            for line in chosen.iter_rows(values_only=True)
        ]
        book.close()
    except Exception as error:  # damaged workbooks raise nearly anything
        msg = f"{path}: not a workbook ({error}); get the archive again"
        raise StudyError(msg) from error
    names = [name.casefold() for name in lines[0]] if lines else []
    if missing := [name for name in needed if name not in names]:
        msg = f"{path}: no column {missing[0]!r} (columns are {names})"
        raise StudyError(msg)
    return [dict(zip(names, line, strict=True)) for line in lines[1:] if any(line)]
