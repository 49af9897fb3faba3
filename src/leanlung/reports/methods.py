"""Methods: how intervals were reached, said once below a table and marked in its cells."""

from __future__ import annotations

from string import ascii_lowercase
from typing import TYPE_CHECKING

from leanlung.reports.numbers import counted, listed, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leanlung.statistics import Estimate


def marks_of(estimates: Sequence[Estimate]) -> dict[str, str]:
    """Give every method a letter, or none where there is only one."""
    methods = list(dict.fromkeys(one.method for one in estimates))
    if len(methods) == 1:
        return {methods[0]: ""}
    return {
        method: ascii_lowercase[place % 26] * (place // 26 + 1)
        for place, method in enumerate(methods)
    }


def notes_of(shared: str, marks: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Say what all intervals share, as `basis` or `level` puts it, and what the marks mean."""
    if list(marks.values()) == [""]:
        return (("", f"{shared}; {next(iter(marks))}"),)
    return (("", shared), *((mark, method) for method, mark in marks.items()))


def basis(estimates: Sequence[Estimate]) -> str:
    """Say what estimates rest on: level, studies, patients."""
    on = sorted({(one.studies, one.patients) for one in estimates})
    rest = [
        f"{counted(studies, 'study', 'studies')} of {counted(patients, 'patient', 'patients')}"
        for studies, patients in on
    ]
    return f"{level(estimates)}; {listed(rest)}"


def level(estimates: Sequence[Estimate]) -> str:
    """Say what level intervals have, e.g. ``95 % intervals``."""
    levels = sorted({one.level for one in estimates})
    return f"{listed([plain(100 * one) for one in levels])} % intervals"
