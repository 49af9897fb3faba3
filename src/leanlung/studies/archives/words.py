"""Words: one vocabulary for what archives call by many names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leanlung.foundations.errors import UsageError
from leanlung.foundations.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NORMAL = "normal"
SEVERAL = "several_findings"
OTHER = "other_finding"

VOCABULARY = (
    NORMAL, "bacterial_pneumonia", "viral_pneumonia", "fungal_pneumonia", "other_pneumonia",
    "pneumonia", "covid", "no_covid", "lung_opacity", "no_opacity_not_normal", "tuberculosis",
    "nodule", "abnormal", "ards",
)  # fmt: skip
"""Labels that several archives share; in a cohort they stand in this order, others after."""

_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*(y|m|w|d)?", re.IGNORECASE)
_IN_YEARS = {"y": 1.0, "m": 1 / 12, "w": 7 / 365.25, "d": 1 / 365.25}
_SEXES = {"m": "M", "male": "M", "f": "F", "female": "F", "femal": "F"}


def snake(words: str) -> str:
    """Write words in snake case.

    Examples:
        >>> snake("Pleural_Thickening"), snake("Enlarged Cardiomediastinum")
        ('pleural_thickening', 'enlarged_cardiomediastinum')
    """
    return re.sub(r"[^a-z0-9]+", "_", words.casefold()).strip("_")


def years(text: str) -> str:
    """Read an age in whole years; blank if none is told.

    Examples:
        >>> years("058Y"), years("65.0"), years("16month"), years("unknown")
        ('58', '65', '1', '')
    """
    found = _AGE.match(text.strip())
    if not found:
        return ""
    unit = (found[2] or "y").lower()
    return str(int(float(found[1]) * _IN_YEARS[unit] + 1e-9))


def sex(text: str) -> str:
    """Read a sex: ``M``, ``F``, or blank if none is told.

    Examples:
        >>> sex(" Male"), sex("femal"), sex("Unknown")
        ('M', 'F', '')
    """
    return _SEXES.get(text.strip().casefold(), "")


def in_order(labels: Iterable[str]) -> tuple[str, ...]:
    """Put labels in the order of the vocabulary, others after it by their letters."""
    place = {name: number for number, name in enumerate(VOCABULARY)}
    return tuple(sorted(set(labels), key=lambda name: (place.get(name, len(place)), name)))


def one_label(findings: Sequence[str], wanted: str) -> str:
    """Make one label of the findings of an image.

    Args:
        findings: In snake case; none for an image without a finding.
        wanted: The finding to tell from the others; blank if none is asked for.

    Returns:
        ``normal`` without a finding. With ``wanted``: that, or ``other_finding``. Without: the
        finding if it is the only one, else ``several_findings``.
    """
    if not findings:
        return NORMAL
    if wanted:
        return wanted if wanted in findings else OTHER
    return findings[0] if len(findings) == 1 else SEVERAL


def require_finding(wanted: str, known: Iterable[str], archive: str) -> str:
    """Give the finding asked for in snake case.

    Raises:
        UsageError: If the archive has no such finding.
    """
    name, names = snake(wanted), [snake(one) for one in known]
    if name and name not in names:
        msg = (
            f"{archive} knows no finding {wanted!r}; it has {names}{did_you_mean(name, names)}"
        )
        raise UsageError(msg)
    return name
