"""Numbers: how figures are written on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leanlung.statistics import Estimate

NOTHING = "–"

_THOUSAND = 1000
_PREFIXES = ("", "k", "M", "G")


def estimate(found: Estimate) -> tuple[str, str]:
    """Write value and interval apart, so that a table can set one below the other.

    Returns:
        E.g. ``("0.972", "[0.951, 0.988]")``, with as many digits as the ends need to be told
        apart; an en dash and nothing where the figure is undefined.
    """
    if found.value is None:
        return NOTHING, ""
    value, _, interval = str(found).partition(" ")
    return minus(value), minus(interval)


def share(value: float | None) -> str:
    """Write a share, a metric or a ratio with three digits."""
    return NOTHING if value is None else minus(f"{value:.3f}")


def percent(value: float | None) -> str:
    """Write a share for a sentence, e.g. ``82.4 %``."""
    if value is None:
        return NOTHING
    return f"{100 * value:.1f}\N{NO-BREAK SPACE}%"


def plain(value: float) -> str:
    """Write a number with the digits it needs, e.g. a margin of ``0.02``."""
    return minus(f"{value:g}")


def count(value: int) -> str:
    """Write a whole number in groups of three digits."""
    return f"{value:,}"


def short(value: float, unit: str = "") -> str:
    """Write a large number with three digits and a prefix, e.g. ``2.23 M`` or ``9.08 MB``."""
    size, power = float(value), 0
    # 999.6 would be written as 1000 with three digits.
    while size >= _THOUSAND - 0.5 and power < len(_PREFIXES) - 1:
        size, power = size / _THOUSAND, power + 1
    digits = max(0, 3 - len(f"{size:.0f}")) if power else 0
    return f"{size:.{digits}f}\N{NO-BREAK SPACE}{_PREFIXES[power]}{unit}".rstrip()


def ratio(after: float, before: float) -> str:
    """Write how much of something is left."""
    return share(after / before) if before else NOTHING


def counted(number: int, one: str, many: str) -> str:
    """Write a number with its noun, e.g. ``1 study`` or ``393 studies``."""
    return f"{count(number)} {one if number == 1 else many}"


def listed(words: list[str]) -> str:
    """Join words for a sentence: ``a``, ``a and b``, ``a, b and c``."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def minus(text: str) -> str:
    """Set a true minus sign in the place of a hyphen."""
    return text.replace("-", "\N{MINUS SIGN}")


def metric(name: str) -> str:
    """Name a metric in words: ``macro_auc`` is ``macro AUC``, ``auc:covid`` ``AUC: covid``."""
    family, colon, of_class = name.partition(":")
    words = [
        {"auc": "AUC", "mcc": "MCC", "f": "F"}.get(word, word) for word in family.split("_")
    ]
    return " ".join(words) + (f": {of_class}" if colon else "")
