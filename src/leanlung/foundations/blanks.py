"""Blanks: what scripts and spreadsheets write where nothing is known."""

from __future__ import annotations

BLANKS = frozenset({"", "nan", "na", "none", "null", "n/a", "#n/a", "unknown", "-", "?"})
"""In small letters."""


def is_blank(cell: str) -> bool:
    """Say whether a cell of a table tells nothing.

    Examples:
        >>> is_blank(" N/A "), is_blank("0")
        (True, False)
    """
    return cell.strip().casefold() in BLANKS
