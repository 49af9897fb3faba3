"""Published runs: what the source's own tables say when they are compared as pairs.

A table of runs holds one row a run: the figure before and the one after, in percent, then
features, parameters, the share of parameters and megabytes, as far as they were printed.
"""

from __future__ import annotations

from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.statistics import PairedRuns, compare_runs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leanlung.statistics import RunsComparison

POINTS = 2.0
"""Margin in percent points that the published runs are held to."""


def runs_of(
    name: str, table: Mapping[str, Any], columns: tuple[int, int] = (0, 1)
) -> PairedRuns:
    """Read two columns of a published table as paired runs, in percent.

    Args:
        name: To report it under.
        table: With ``rows``, one a run.
        columns: Before and after.
    """
    rows = np.array([[row[place] for place in columns] for row in table["rows"]], dtype=float)
    return PairedRuns(name, rows[:, 0], rows[:, 1])


def compared(name: str, table: Mapping[str, Any]) -> RunsComparison:
    """Compare the published runs, paired, with a margin of two points.

    Every run drew its parts anew, 20 % of the films for the test and 64 % for the training, so
    that interval and verdict are those of the corrected resampled t (Nadeau & Bengio 2003).
    """
    [found] = compare_runs([runs_of(name, table)], margin=POINTS, test_train_ratio=0.2 / 0.64)
    return found


def spread(table: Mapping[str, Any], column: int) -> tuple[float, float]:
    """Give mean and standard deviation of a column."""
    values = [float(row[column]) for row in table["rows"]]
    return fmean(values), stdev(values)


def attainable(value: float, of: int) -> bool:
    """Say whether a percentage, truncated to two decimals, is some number out of so many.

    Args:
        value: As printed.
        of: How many films were answered.
    """
    hundredths = round(100 * value)
    # k / of * 100, cut after two decimals, is ``hundredths`` for these k only.
    k = -(-hundredths * of // 10_000)
    return int(k * 10_000 // of) == hundredths


def unattainable(table: Mapping[str, Any], of: int) -> list[float]:
    """List the percentages of a table that no number out of so many gives."""
    return [
        float(row[place])
        for row in table["rows"]
        for place in (0, 1)
        if not attainable(float(row[place]), of)
    ]
