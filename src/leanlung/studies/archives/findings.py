"""Findings of the COVID collections: their words, flat or by levels, as labels."""

from __future__ import annotations

from leanlung.studies.archives.words import NORMAL, OTHER

NO_LABEL = {"", "todo", "unknown"}
"""Words, in small letters, that stand where nobody has read the film yet."""

_VIRAL = ("sars", "mers-cov", "mers", "influenza", "h1n1", "varicella", "herpes", "viral")
_BACTERIAL = (
    "bacterial", "streptococcus", "klebsiella", "legionella", "chlamydophila", "e.coli",
    "mycoplasma", "mycoplasma bacterial pneumonia", "nocardia", "staphylococcus", "mrsa",
)  # fmt: skip
_LABELS = (
    dict.fromkeys(_VIRAL, "viral_pneumonia")
    | dict.fromkeys(_BACTERIAL, "bacterial_pneumonia")
    | dict.fromkeys(("fungal", "pneumocystis", "aspergillosis"), "fungal_pneumonia")
    | dict.fromkeys(("lipoid", "aspiration", "aspiration pneumonia"), "other_pneumonia")
    | dict.fromkeys(("no finding", "normal"), NORMAL)
    | {"pneumonia": "pneumonia", "ards": "ards", "tuberculosis": "tuberculosis"}
)


def label_of(finding: str) -> str:
    """Give the label of a finding.

    COVID-19 as the last level of one of the comma-parted findings makes ``covid``; else the
    last level that is known decides, and a word that is not known makes ``other_finding``.

    Examples:
        >>> label_of("Pneumonia/Viral/COVID-19"), label_of("COVID-19, ARDS")
        ('covid', 'covid')
        >>> label_of("Pneumonia/Viral/SARS"), label_of("Pneumonia/Bacterial/Rare")
        ('viral_pneumonia', 'bacterial_pneumonia')
    """
    told = [
        [level.strip().casefold() for level in one.split("/")] for one in finding.split(",")
    ]
    if any(levels[-1] == "covid-19" for levels in told):
        return "covid"
    known = [level for levels in told for level in reversed(levels) if level in _LABELS]
    return _LABELS[known[0]] if known else OTHER
