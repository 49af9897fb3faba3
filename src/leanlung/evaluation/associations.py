"""Associations: how far source, view, sex or age tell the class of a film."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from leanlung.statistics import Contingency, Estimate, contingency, cramers_v
from leanlung.statistics.bootstrap import description, patient_weights, percentile_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from leanlung.evaluation.sampling import Sampling

BANDS = ((6, "0-5"), (18, "6-17"), (40, "18-39"), (65, "40-64"), (np.inf, "65 or more"))
"""Bands of age in years: up to, and the name."""

_OLDEST = 130
_AGE = re.compile(r"0*(\d+(?:\.\d+)?)\s*([YMWD]?)", re.IGNORECASE)
_YEARS = {"": 1.0, "Y": 1.0, "M": 1 / 12, "W": 1 / 52.18, "D": 1 / 365.25}


def age_band(written: str) -> str:
    """Give the band of an age.

    Args:
        written: In years, as ``54`` or ``54.0``, or as DICOM has it: ``054Y``, ``007M``.

    Returns:
        Name of one of `BANDS`, or nothing where no age from 0 to 130 is written.
    """
    found = _AGE.fullmatch(written.strip())
    if not found:
        return ""
    years = float(found[1]) * _YEARS[found[2].upper()]
    return next(name for limit, name in BANDS if years < limit) if years <= _OLDEST else ""


@dataclass(frozen=True)
class Association:
    """A column beside the class.

    Attributes:
        column: Its name; ``age`` is looked at in bands.
        rows: Its values, bands of age from young to old, others in alphabetical order.
        columns: Classes that occur beside them, in alphabetical order.
        counts: Films of each value and class.
        missing: Films for which nothing is written; they are in no count.
        cramers_v: 0 where column and class are independent, 1 where one tells the other, with
            a bootstrap over patients. Resampling raises V a little, most in small samples.
        corrected: The same with what chance alone would give taken off (Bergsma 2013); None
            where undefined.
        told: Accuracy of always answering the commonest class of the film's value, on these
            very films.
        majority: Accuracy of always answering the commonest class.
    """

    column: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    missing: int
    cramers_v: Estimate
    corrected: float | None
    told: float
    majority: float

    def as_dict(self) -> dict[str, Any]:
        """Give a value that JSON can hold."""
        return {
            **asdict(self),
            "rows": list(self.rows),
            "columns": list(self.columns),
            "counts": [list(row) for row in self.counts],
        }

    @classmethod
    def from_dict(cls, entries: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gave."""
        return cls(
            **{
                **entries,
                "rows": tuple(entries["rows"]),
                "columns": tuple(entries["columns"]),
                "counts": tuple(tuple(row) for row in entries["counts"]),
                "cramers_v": Estimate.from_dict(entries["cramers_v"]),
            }
        )


def association(
    column: str,
    values: Sequence[str],
    labels: Sequence[str],
    patients: Sequence[str],
    sampling: Sampling,
) -> Association | None:
    """Set a column beside the class.

    Args:
        column: Its name.
        values: Of each film; an empty one is missing.
        labels: Of each film, in the same order.
        patients: Of each film, in the same order.
        sampling: Of the bootstrap.

    Returns:
        The table and what follows from it, or None where nothing is written for any film.
    """
    known = [place for place, value in enumerate(values) if value]
    if not known:
        return None
    first = [values[place] for place in known]
    second = [labels[place] for place in known]
    owners = [patients[place] for place in known]
    table = _ordered(contingency(first, second))
    total = int(table.counts.sum())
    return Association(
        column,
        table.rows,
        table.columns,
        tuple(tuple(int(cell) for cell in row) for row in table.counts),
        len(values) - len(known),
        _estimate(table, first, second, owners, sampling),
        cramers_v(table, corrected=True),
        float(table.counts.max(axis=1).sum() / total),
        float(table.counts.sum(axis=0).max() / total),
    )


def _ordered(table: Contingency) -> Contingency:
    """Put bands of age from young to old."""
    names = [name for _, name in BANDS]
    if not set(table.rows) <= set(names):
        return table
    order = sorted(range(len(table.rows)), key=lambda row: names.index(table.rows[row]))
    return Contingency(
        tuple(table.rows[row] for row in order), table.columns, table.counts[order]
    )


def _estimate(
    table: Contingency,
    first: Sequence[str],
    second: Sequence[str],
    owners: Sequence[str],
    sampling: Sampling,
) -> Estimate:
    """Give Cramér's V with an interval over patients."""
    value = cramers_v(table)
    names, patients = np.unique(owners, return_inverse=True)
    if value is None:
        ends: tuple[float | None, float | None] = (None, None)
        method = "undefined: it takes two values and two classes"
    else:
        row_of = {name: place for place, name in enumerate(table.rows)}
        column_of = {name: place for place, name in enumerate(table.columns)}
        cells = np.array(
            [
                row_of[one] * len(table.columns) + column_of[other]
                for one, other in zip(first, second, strict=True)
            ]
        )
        drawn = np.array(
            [
                _v(np.bincount(cells, weights, table.counts.size), table)
                for weights in patient_weights(
                    patients.astype(np.int64), resamples=sampling.resamples, seed=sampling.seed
                )
            ]
        )
        repeats = len(names) < len(owners)
        method = description(drawn, repeats_patients=repeats)
        found = percentile_interval(drawn, sampling.level)
        if found is None:
            method = f"no interval: no spread is seen ({method})"
        ends = found or (None, None)
    return Estimate("cramers_v", value, *ends, sampling.level, method, len(owners), len(names))


def _v(cells: NDArray[Any], table: Contingency) -> float:
    """Give V of one resample; what does not occur in it is left out."""
    counts = cells.reshape(table.counts.shape)
    counts = counts[counts.any(axis=1)][:, counts.any(axis=0)]
    rows, columns = len(counts), len(counts.T)
    names = tuple(map(str, range(max(rows, columns))))
    value = cramers_v(Contingency(names[:rows], names[:columns], counts.astype(np.int64)))
    return np.nan if value is None else value
