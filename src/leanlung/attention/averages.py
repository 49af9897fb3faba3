"""Averages of a measure over films, with intervals that know of patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import bootstrap
from leanlung.statistics.estimate import Estimate, require_level
from leanlung.statistics.proportions import clopper_pearson
from leanlung.statistics.spread import UnseenSpread
from leanlung.statistics.square_and_add import SquareAndAddSpread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from leanlung.statistics.estimate import Ends
    from leanlung.statistics.spread import Spread

    Numbers = NDArray[np.float64]


def average(
    name: str,
    values: Sequence[float],
    patients: Sequence[str],
    *,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Average a measure over films; each film counts alike, patients are drawn.

    Args:
        name: Of the estimate.
        values: One a film, in [0, 1].
        patients: Whose film each is.
        level: Of the two-sided interval, in (0, 1).
        resamples: Of the bootstrap over patients.
        seed: Of the bootstrap.

    Raises:
        StatisticsError: If there are not as many patients as values, or level or resamples are
            out of range.
    """
    films, repeats = _by_patient([values], patients, level, resamples)
    if not len(values):
        return Estimate(name, None, None, None, level, "undefined: it takes a film", 0, 0)
    (value,), count = _averages(films, np.ones(len(films))), len(films)
    [drawn] = _resampled(films, resamples, seed)
    found: Ends | None = bootstrap.percentile_interval(drawn, level)
    method = bootstrap.description(drawn, repeats_patients=repeats)
    if found is None:
        found = clopper_pearson(value * count, count, level)
        method = f"Clopper-Pearson for n = {count} patients, as no spread is seen"
    return Estimate(name, float(value), *found, level, method, len(values), count)


def average_difference(
    name: str,
    baseline: Sequence[float],
    candidate: Sequence[float],
    patients: Sequence[str],
    *,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Average the difference of two models on the same films, candidate minus baseline.

    Args:
        name: Of the estimate.
        baseline: One value a film, in [0, 1].
        candidate: Of the same films, in the same order.
        patients: Whose film each is.
        level: As for `average`.
        resamples: As for `average`; both models are counted in the same resamples.
        seed: As for `average`.

    Raises:
        StatisticsError: As `average`.

    Source: the interval is that of paired comparisons elsewhere in leanlung (Newcombe 1998,
        method 10, with bootstrap variances).
    """
    films, repeats = _by_patient([baseline, candidate], patients, level, resamples)
    if not len(patients):
        return Estimate(name, None, None, None, level, "undefined: it takes a film", 0, 0)
    before, after = (float(each) for each in _averages(films, np.ones(len(films))))
    one, two = _resampled(films, resamples, seed)
    spread = _spread(before, after, one, two, len(films), repeats=repeats)
    return Estimate(
        name,
        after - before,
        *spread.interval(level),
        level,
        spread.method,
        len(patients),
        len(films),
    )


def _spread(
    before: float, after: float, one: Numbers, two: Numbers, patients: int, *, repeats: bool
) -> Spread:
    if patients < 2 or np.ptp(two - one) < bootstrap.NO_SPREAD:
        return UnseenSpread(after - before, patients)
    # A bootstrap of k patients is too narrow by the root of (k - 1) / k.
    covariances = np.cov(one, two) * patients / (patients - 1)
    method = bootstrap.description(two - one, repeats_patients=repeats, limits="score limits")
    return SquareAndAddSpread(
        before,
        after,
        (float(covariances[0, 0]), float(covariances[1, 1])),
        float(covariances[0, 1]),
        patients - 1,
        patients,
        0.0,
        1.0,
        f"paired {method}",
    )


def _by_patient(
    columns: Sequence[Sequence[float]], patients: Sequence[str], level: float, resamples: int
) -> tuple[Numbers, bool]:
    """Give number of films and sums of values, a row a patient; whether any has several."""
    require_level(level)
    bootstrap.require_resamples(resamples, level)
    if any(len(column) != len(patients) for column in columns):
        counts = [len(column) for column in columns]
        msg = f"{counts} values and {len(patients)} patients; one of each was expected a film"
        raise StatisticsError(msg)
    known, numbers = np.unique(list(patients), return_inverse=True)
    rows = [np.ones(len(patients)), *(np.asarray(column, np.float64) for column in columns)]
    sums = [np.bincount(numbers, row, minlength=len(known)) for row in rows]
    return np.stack(sums, axis=1), len(known) < len(patients)


def _averages(films: Numbers, drawn: Numbers) -> Numbers:
    count, *sums = drawn @ films
    averages: Numbers = np.asarray(sums, dtype=np.float64) / count
    return averages


def _resampled(films: Numbers, resamples: int, seed: int) -> Numbers:
    draws = bootstrap.patient_draws(len(films), resamples=resamples, seed=seed)
    return np.stack([_averages(films, drawn) for drawn in draws], axis=1)
