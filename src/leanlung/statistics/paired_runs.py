"""Paired runs: one figure a run, before and after, of several runs of one group.

The CSV form has the columns ``group, before, after`` and one row a run; other columns are
ignored. The unit is the run, so nothing here says anything about patients.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import StatisticsError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.foundations.tables import numbered_rows

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

COLUMNS = ("group", "before", "after")

# Differences keep so many digits of the largest figure: 0.15 is the same gain as 93.09 - 92.94.
_DIGITS = 12


@dataclass(frozen=True, eq=False)
class PairedRuns:
    """The runs of one group.

    Attributes:
        group: Name, such as that of the data set.
        before: Shape (n,): a figure of every run, higher is better, in any unit; n is two or
            more.
        after: Shape (n,): the same of the same run, afterwards.

    Raises:
        StatisticsError: If the group has no name, there are fewer than two runs, not as many
            before as after, or a figure is not finite.
    """

    group: str
    before: NDArray[np.float64]
    after: NDArray[np.float64]

    def __post_init__(self) -> None:
        if not self.group.strip():
            msg = "a group without a name; every run needs the name of its group"
            raise StatisticsError(msg)
        for name in ("before", "after"):
            array = np.array(getattr(self, name), dtype=np.float64)
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        if self.before.ndim != 1 or self.before.shape != self.after.shape:
            self._refuse(
                f"figures of shape {self.before.shape} before and {self.after.shape} after; "
                "one of each is expected for every run"
            )
        if len(self) < 2:
            self._refuse(
                f"{len(self)} run; two or more are expected, as one alone shows no spread "
                "between runs (five or more for a verdict that can be shown)"
            )
        if not np.isfinite([self.before, self.after]).all():
            self._refuse("a figure is not finite; a number is expected for every run")

    def __len__(self) -> int:
        return len(self.before)

    @cached_property
    def differences(self) -> NDArray[np.float64]:
        """After minus before, shape (n,); below zero is a loss.

        Rounded to twelve digits of the largest figure, so that differences that are equal in
        decimals are equal here, and tie where ranks are taken.
        """
        largest = max(np.abs(self.before).max(), np.abs(self.after).max())
        digits = _DIGITS - 1 - math.floor(math.log10(largest)) if largest > 0 else 0
        return np.round(self.after - self.before, digits) + 0.0

    @property
    def largest(self) -> float:
        """The figure furthest from zero, without its sign."""
        return float(max(np.abs(self.before).max(), np.abs(self.after).max()))

    def _refuse(self, reason: str) -> None:
        msg = f"group {self.group!r}: {reason}"
        raise StatisticsError(msg)


def read_paired_runs(path: Path) -> tuple[PairedRuns, ...]:
    """Read paired runs from a CSV file.

    Args:
        path: With the columns ``group``, ``before`` and ``after``, one row a run. All groups
            are in one unit; which one is left to the reader.

    Returns:
        One value a group, in the order in which they first occur.

    Raises:
        StudyError: If the file is missing or no table.
        StatisticsError: If a column is missing, a group has no name, a figure is no number,
            or a group has a single run; line or group are named.
    """
    rows = numbered_rows(path)
    if not rows:
        msg = f"{path}: a header but no row; one row a run is expected"
        raise StatisticsError(msg)
    found = list(rows[0][1])
    for wanted in COLUMNS:
        if wanted not in found:
            msg = (
                f"{path}: no column {wanted!r} among {found}{did_you_mean(wanted, found)}; "
                f"the columns {', '.join(COLUMNS)} are expected, one row a run"
            )
            raise StatisticsError(msg)
    groups: dict[str, list[tuple[float, float]]] = {}
    for line, row in rows:
        if not row["group"]:
            msg = f"{path}, line {line}: no group; every run needs the name of its group"
            raise StatisticsError(msg)
        pair = tuple(_number(path, line, name, row[name]) for name in ("before", "after"))
        groups.setdefault(row["group"], []).append((pair[0], pair[1]))
    try:
        return tuple(
            PairedRuns(group, *np.array(pairs, dtype=np.float64).T)
            for group, pairs in groups.items()
        )
    except StatisticsError as error:
        msg = f"{path}: {error}"
        raise StatisticsError(msg) from error


def _number(path: Path, line: int, column: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        msg = (
            f"{path}, line {line}: {column} is {text!r}; a finite number is expected (decimals "
            "with a point, no percent sign)"
        )
        raise StatisticsError(msg)
    return number
