"""Compare in groups: whether a smaller model is as good for everyone, or only on average.

Every group is compared by itself, paired, with the same margin; p-values are corrected for all
groups of a table, whichever columns they come from.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from leanlung.statistics.comparison import require_margin
from leanlung.statistics.contrast import contrasts
from leanlung.statistics.estimate import require_level
from leanlung.statistics.grouping import CLASS, group_columns, order_of
from leanlung.statistics.groups import FEWEST, Group, GroupTable
from leanlung.statistics.holm import holm
from leanlung.statistics.metrics import find_metric, patients_concerned
from leanlung.statistics.pairing import paired

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from leanlung.statistics.contrast import Contrast
    from leanlung.statistics.estimate import Estimate
    from leanlung.statistics.groups import By
    from leanlung.statistics.predictions import Predictions

    Mask = NDArray[np.bool_]
    Columns = Mapping[str, tuple[str, ...]]

# Resamples that the tails of the interval of the worst group are to hold at least.
_IN_THE_TAILS = 20.0


def compare_groups(
    baseline: Predictions,
    candidate: Predictions,
    cells: Mapping[str, Mapping[str, str]],
    by: Sequence[By],
    *,
    metric: str = "macro_auc",
    margin: float,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> GroupTable:
    """Compare two models in every group.

    A group is too small to say where the metric has no value there, or fewer than `FEWEST`
    patients limit what can be known of it. In a group by ``class`` the metric is about that
    class against the rest: its AUC where an AUC was asked for, its sensitivity otherwise.

    Args:
        baseline: The model that is to be matched.
        candidate: The model that is to match it, on the same studies.
        cells: By column and study id, what the manifest says.
        by: Columns to group by, several of them for their intersections, such as
            ``[("sex",), ("sex", "age")]``.
        metric: As for `compare`.
        margin: As for `compare`.
        level: As for `compare`.
        resamples: As for `compare`; more are drawn for the worst group where its wider
            interval needs them.
        seed: As for `compare`.

    Returns:
        One group for each value, or combination of values, that occurs.

    Raises:
        StatisticsError: As `compare`, or if a column is not there.

    Source: Holm 1979 for the p-values; Bonferroni's inequality for the worst group.
    """
    require_margin(margin)
    require_level(level)
    baseline, candidate = paired(baseline, candidate)
    find_metric(metric, baseline.classes)
    columns = group_columns(baseline, cells, dict.fromkeys(name for one in by for name in one))

    def contrasted(group: Group, measured: Mask, wide: float, drawn: int) -> Contrast:
        [found] = contrasts(
            baseline.subset(measured),
            candidate.subset(measured),
            [group.metric],
            level=wide,
            resamples=drawn,
            seed=seed,
        )
        return found

    groups: list[Group] = []
    masks: dict[str, Mask] = {}
    for one in dict.fromkeys(by):
        for values, inside in _parted(columns, one):
            measured = _beside(columns, one, values)
            group = _described(baseline, one, values, inside, measured, metric)
            if not group.too_few:
                found = contrasted(group, measured, level, resamples)
                group = _with(group, found, margin, level)
            groups.append(group)
            masks[group.name] = measured
    every = _corrected(groups)
    spoken_of = [group for group in every if group.comparison is not None]
    if not spoken_of:
        told = f"no group has {FEWEST} patients for {metric} to rest on: too few to say"
        return GroupTable(metric, margin, level, every, None, None, told)
    worst = min(spoken_of, key=_gain)
    wide = 1.0 - (1.0 - level) / len(spoken_of)
    drawn = max(resamples, math.ceil(_IN_THE_TAILS / (1.0 - wide)))
    widened = contrasted(worst, masks[worst.name], wide, drawn)
    difference = widened.comparison(margin, wide).difference
    told = _told(worst, difference, len(spoken_of), len(every))
    return GroupTable(metric, margin, level, every, worst, difference, told)


def _parted(columns: Columns, by: By) -> Iterator[tuple[tuple[str, ...], Mask]]:
    """Give every combination of values that occurs, in order, with a mask of its studies."""
    rows = list(zip(*(columns[name] for name in by), strict=True))
    code_of = {values: code for code, values in enumerate(dict.fromkeys(rows))}
    codes = np.array([code_of[row] for row in rows])

    def order(values: tuple[str, ...]) -> list[tuple[int, str]]:
        return [order_of(column, value) for column, value in zip(by, values, strict=True)]

    for values in sorted(code_of, key=order):
        yield values, codes == code_of[values]


def _beside(columns: Columns, by: By, values: tuple[str, ...]) -> Mask:
    """Give the studies that a group is measured on: one class needs the others beside it."""
    measured = np.ones(len(columns[by[0]]), dtype=bool)
    for column, value in zip(by, values, strict=True):
        if column != CLASS:
            measured &= np.array(columns[column]) == value
    return measured


def _described(
    baseline: Predictions,
    by: By,
    values: tuple[str, ...],
    inside: Mask,
    measured: Mask,
    metric: str,
) -> Group:
    if CLASS in by:
        family = "auc" if "auc" in metric.partition(":")[0] else "sensitivity"
        metric = f"{family}:{values[by.index(CLASS)]}"
    part, whole = baseline.subset(inside), baseline.subset(measured)
    positives = {
        name: len(np.unique(part.patients[part.labels == index]))
        for index, name in enumerate(part.classes)
    }
    concerned = patients_concerned(find_metric(metric, whole.classes), whole)
    few = f"{concerned} of the {FEWEST} patients that {metric} has to rest on"
    too_few = few if concerned < FEWEST else ""
    return Group(by, values, metric, len(part), part.patient_count, positives, None, too_few)


def _with(group: Group, contrast: Contrast, margin: float, level: float) -> Group:
    comparison = contrast.comparison(margin, level)
    if contrast.spread is None:
        return replace(group, too_few=comparison.difference.method)
    p = contrast.spread.p_at_most(-margin)
    return replace(group, comparison=comparison, p=p)


def _corrected(groups: Sequence[Group]) -> tuple[Group, ...]:
    adjusted = iter(holm([group.p for group in groups if group.p is not None]))
    return tuple(
        group if group.p is None else replace(group, p_holm=next(adjusted)) for group in groups
    )


def _gain(group: Group) -> float:
    value = None if group.comparison is None else group.comparison.difference.value
    return math.inf if value is None else value


def _told(worst: Group, difference: Estimate, spoken_of: int, every: int) -> str:
    many = f"of {spoken_of} groups" if spoken_of > 1 else "the only group large enough"
    small = f"; {every - spoken_of} more are too small to say" if every > spoken_of else ""
    return (
        f"worst {many}: {worst.name}, {worst.metric} {difference} on {worst.studies} studies "
        f"of {worst.patients} patients (interval for the worst of {spoken_of}: each at "
        f"{difference.level:.4g}){small}"
    )
