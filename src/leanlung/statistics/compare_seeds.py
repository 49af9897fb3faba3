"""Compare seeds: several trainings of both models on the same patients, one verdict."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import bootstrap
from leanlung.statistics.comparison import Comparison, require_margin, verdict_of
from leanlung.statistics.estimate import Estimate, require_level
from leanlung.statistics.measure import estimate, resampled_values
from leanlung.statistics.metrics import find_metric, left_out, patients_concerned, points
from leanlung.statistics.pairing import paired
from leanlung.statistics.seeds_comparison import SeedDifference, SeedsComparison
from leanlung.statistics.seeds_spread import SeedsSpread
from leanlung.statistics.spread import UnseenSpread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from leanlung.statistics.estimate import Ends
    from leanlung.statistics.metrics import Metric
    from leanlung.statistics.predictions import Predictions
    from leanlung.statistics.spread import Spread

    Sides = tuple[list[Predictions], list[Predictions]]
    Values = NDArray[np.float64]


def compare_seeds(
    baselines: Mapping[str, Predictions],
    candidates: Mapping[str, Predictions],
    metrics: Sequence[str],
    *,
    margin: float,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[SeedsComparison, ...]:
    """Compare two models that were each trained with several seeds, on the same studies.

    For every seed the difference is paired, and the mean over seeds is what is judged. Its
    variance is that of drawing patients anew, by a bootstrap that draws the same patients for
    all, and the variance between seeds over their number; see `SeedsSpread`.

    Args:
        baselines: Predictions of the model that is to be matched, by the name of the seed.
        candidates: Those of the model that is to match it, under the same names. One of the
            two may have a single entry, which is then compared with every seed of the other.
        metrics: Names as `metric_names` gives them.
        margin: Largest mean loss that is accepted, in (0, 1); to be fixed before looking.
        level: Of the two-sided intervals, in (0, 1).
        resamples: Of the bootstrap.
        seed: Of the bootstrap. The order of the studies changes nothing.

    Returns:
        One comparison a metric, in the order asked for, not corrected for multiplicity. Where
        neither patients nor seeds show a spread, the interval is what n patients without a
        discordance still allow, as for `compare`.

    Raises:
        StatisticsError: If there are fewer than two seeds, the names differ, any two cannot be
            paired, a metric is unknown, or margin, level or resamples are out of range.
    """
    require_margin(margin)
    require_level(level)
    bootstrap.require_resamples(resamples, level)
    names, sides = _by_seed(baselines, candidates)
    chosen = [find_metric(name, sides[0][0].classes) for name in metrics]
    tables = [_values(chosen, side, resamples, seed) for side in sides]
    return tuple(
        _compared(metric, names, sides, [table[index] for table in tables], margin, level)
        for index, metric in enumerate(chosen)
    )


def _by_seed(
    baselines: Mapping[str, Predictions], candidates: Mapping[str, Predictions]
) -> tuple[list[str], Sides]:
    """Bring all predictions over the same studies, seed by seed."""
    if not baselines or not candidates or len(baselines) == len(candidates) == 1:
        msg = (
            f"{len(baselines)} seeds of the baseline and {len(candidates)} of the candidate; "
            "two or more of one are expected, three or more to say much (`compare` takes one "
            "of each)"
        )
        raise StatisticsError(msg)
    only = [
        sorted(set(one) - set(other))
        for one, other in ((baselines, candidates), (candidates, baselines))
    ]
    if len(baselines) > 1 and len(candidates) > 1 and any(only):
        msg = (
            f"seeds {only[0]} only of the baseline and {only[1]} only of the candidate; the "
            "same names are expected for both, or a single one of either"
        )
        raise StatisticsError(msg)
    names = list(baselines if len(baselines) > 1 else candidates)
    first = next(iter(baselines.values()))
    before, after = (
        [paired(first, side[name])[1] for name in (names if len(side) > 1 else side)]
        for side in (baselines, candidates)
    )
    return names, (before, after)


def _values(
    metrics: Sequence[Metric], side: Sequence[Predictions], resamples: int, seed: int
) -> Values:
    """Give the values of all seeds of one side.

    Returns:
        Shape (metrics, seeds, 1 + resamples); the first column is of the data as they are.
    """
    rows = []
    for each in side:
        drawn = resampled_values(metrics, each, resamples, seed)
        found = zip(metrics, points(metrics, each), strict=True)
        rows.append([[point, *drawn[metric.name]] for metric, point in found])
    return np.array(rows).swapaxes(0, 1)


def _compared(
    metric: Metric,
    names: Sequence[str],
    sides: Sides,
    found: Sequence[Values],
    margin: float,
    level: float,
) -> SeedsComparison:
    concerned = min(patients_concerned(metric, each) for side in sides for each in side)
    baseline, candidate = (
        _estimate(metric, side, values, concerned, level)
        for side, values in zip(sides, found, strict=True)
    )
    # A single table on one side stands beside every seed of the other.
    before, after = np.broadcast_arrays(*found)
    change = after - before
    widest = metric.family.best - metric.family.lowest
    spread = _spread(change, concerned, sides[0][0])
    name = f"{candidate.name} minus {baseline.name}"
    difference = _with_interval(
        name, metric, spread, concerned, (-widest, widest), sides[0][0], level
    )
    verdict = verdict_of(difference, margin)
    return SeedsComparison(
        Comparison(metric.name, baseline, candidate, difference, margin, verdict),
        tuple(
            SeedDifference(name, *(None if np.isnan(one) else float(one) for one in row))
            for name, *row in zip(names, before[:, 0], after[:, 0], change[:, 0], strict=True)
        ),
        None if spread is None else spread.between_seeds,
        None if spread is None else spread.seeds_error,
        None if spread is None else spread.patients_error,
        None if spread is None else _known(spread, concerned, widest).p_at_most(-margin),
    )


def _estimate(
    metric: Metric, side: Sequence[Predictions], values: Values, concerned: int, level: float
) -> Estimate:
    """Measure one side: the mean over its seeds, or its one table as `measure` does."""
    first, names = side[0], list(dict.fromkeys(each.model for each in side))
    if len(side) == 1:
        alone = estimate(metric, float(values[0, 0]), values[0, 1:], first, level)
        return replace(alone, name=first.model)
    name = names[0] if len(names) == 1 else f"{names[0]} and {len(side) - 1} more"
    spread = _spread(values, concerned, first)
    bounds = metric.family.lowest, metric.family.best
    return _with_interval(name, metric, spread, concerned, bounds, first, level)


def _spread(values: Values, concerned: int, first: Predictions) -> SeedsSpread | None:
    """Take the spread of a mean over seeds from values of shape (seeds, 1 + resamples)."""
    means = values.mean(axis=0)
    if np.isnan(means[0]):
        return None
    drawn = means[1:]
    # A bootstrap of k patients is too narrow by the root of (k - 1) / k.
    freedom = max(1, concerned - 1)
    error = float(np.nanstd(drawn)) * math.sqrt((freedom + 1) / freedom)
    between = float(values[:, 0].std(ddof=1))
    return SeedsSpread(
        float(means[0]),
        error if error > bootstrap.NO_SPREAD else 0.0,
        between if between > bootstrap.NO_SPREAD else 0.0,
        len(values),
        freedom + 1,
        _drawn(drawn, first),
    )


def _drawn(drawn: Values, first: Predictions) -> str:
    kind = "patient-cluster bootstrap" if first.repeats_patients else "bootstrap"
    undefined = int(np.isnan(drawn).sum())
    told = f", {undefined} of them undefined and left out" if undefined else ""
    return f"{kind}, {len(drawn)} resamples{told}"


def _known(spread: SeedsSpread, concerned: int, widest: float) -> Spread:
    return spread if spread.error else UnseenSpread(spread.value, concerned, widest)


def _with_interval(
    name: str,
    metric: Metric,
    spread: SeedsSpread | None,
    concerned: int,
    bounds: tuple[float, float],
    first: Predictions,
    level: float,
) -> Estimate:
    ends: Ends = (None, None)
    value: float | None = None
    method = f"undefined for a seed: it takes {metric.family.needs}"
    if spread is not None:
        known = _known(spread, concerned, metric.family.best - metric.family.lowest)
        low, high = known.interval(level)
        value, ends = spread.value, (max(bounds[0], low), min(bounds[1], high))
        method = known.method
    return Estimate(
        name,
        value,
        *ends,
        level,
        method + left_out(metric, first),
        len(first),
        first.patient_count,
    )
