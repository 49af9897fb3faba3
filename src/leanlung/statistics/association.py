"""Association of two labels, such as where an image comes from and what it shows.

Where the class is a function of the source, a network may learn the one for the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import StatisticsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Contingency:
    """How often each pair of labels occurs.

    Attributes:
        rows: Names of the first labels, sorted.
        columns: Names of the second labels, sorted.
        counts: Shape (rows, columns); no row and no column is empty.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: NDArray[np.int64]


def contingency(first: Sequence[str], second: Sequence[str]) -> Contingency:
    """Count pairs of labels.

    Args:
        first: One label a study.
        second: One label a study, in the same order.

    Raises:
        StatisticsError: If the two are of different length or there is no study.
    """
    if len(first) != len(second) or not len(first):
        msg = (
            f"{len(first)} labels beside {len(second)}; one of each is expected for every "
            "study, of one study or more"
        )
        raise StatisticsError(msg)
    rows, columns = tuple(sorted(set(first))), tuple(sorted(set(second)))
    row_of = {name: index for index, name in enumerate(rows)}
    column_of = {name: index for index, name in enumerate(columns)}
    counts = np.zeros((len(rows), len(columns)), dtype=np.int64)
    np.add.at(
        counts, ([row_of[name] for name in first], [column_of[name] for name in second]), 1
    )
    return Contingency(rows, columns, counts)


def cramers_v(table: Contingency, *, corrected: bool = False) -> float | None:
    """Give Cramér's V: 0 for no association, 1 where one label tells the other.

    Args:
        table: Counts of the pairs.
        corrected: Whether to take off what chance alone would give. The plain figure is
            biased upwards, most in small samples of many labels.

    Returns:
        In [0, 1], or None where a label has only one value (or, if corrected, where there are
        too few studies to correct for chance).

    Source: Cramér 1946, Mathematical Methods of Statistics, 21.9; the correction is Bergsma
        2013, Journal of the Korean Statistical Society 42(3).
    """
    counts = table.counts.astype(np.float64)
    rows, columns = counts.shape
    if min(rows, columns) < 2:
        return None
    n = counts.sum()
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / n
    phi_squared = float((np.square(counts - expected) / expected).sum() / n)
    if not corrected:
        return min(1.0, float(np.sqrt(phi_squared / (min(rows, columns) - 1))))
    phi_squared = max(0.0, phi_squared - (rows - 1) * (columns - 1) / (n - 1))
    freedom = min(size - 1 - (size - 1) ** 2 / (n - 1) for size in (rows, columns))
    return min(1.0, float(np.sqrt(phi_squared / freedom))) if freedom > 0 else None
