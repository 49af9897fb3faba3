"""Wilcoxon's signed ranks: do gains outrank losses?

The distribution is that of the ranks at hand under all changes of sign, so that ties are
right; scipy and R fall back on the normal curve, or on tables without ties, where there are
any.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from leanlung.statistics.hypothesis_test import (
    Alternative,
    HypothesisTest,
    require_alternative,
    require_differences,
    sided,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXACT_TO = 100
"""Largest number of differences that are not zero for which the distribution is counted out."""


def wilcoxon(
    differences: NDArray[np.float64],
    *,
    null: float = 0.0,
    alternative: Alternative = "two-sided",
    name: str = "wilcoxon",
) -> HypothesisTest:
    """Test whether differences lie symmetrically about ``null``.

    Differences equal to ``null`` are left out before ranks are given, as Wilcoxon did; equal
    sizes share their mean rank. With ``null=-margin`` and ``alternative="greater"`` it is a
    test of non-inferiority.

    Args:
        differences: Shape (n,), after minus before of every run. What is equal in decimals
            should be equal in bits too, as `PairedRuns.differences` sees to.
        null: Centre that is to be refuted.
        alternative: On which side of it the centre is claimed to lie.
        name: Under which it is reported.

    Returns:
        The sum of the ranks of those above ``null``, and p: exact for up to 100 differences
        that are not ``null``, beyond that from the normal curve with correction for ties and
        continuity; 1 if all are ``null``.

    Raises:
        StatisticsError: If there are fewer than two differences or one is not finite.

    Examples:
        >>> found = wilcoxon(np.array([1.0, 2.0, 3.0]))
        >>> found.statistic, found.p
        (6.0, 0.25)

    Source: Wilcoxon 1945, Biometrics Bulletin 1(6); the count over all signs as in Pratt &
        Gibbons 1981, Concepts of Nonparametric Theory, section 3.7.
    """
    require_differences(differences)
    require_alternative(alternative)
    shifted = _shifted(differences, null)
    moved = shifted[shifted != 0]
    ranks = mean_ranks(np.abs(moved))
    above = float(ranks[moved > 0].sum())
    exact = len(moved) <= EXACT_TO
    tails = _exact_tails(ranks, above) if exact else _normal_tails(ranks, above)
    zeros = len(shifted) - len(moved)
    return HypothesisTest(
        name,
        above,
        sided(*tails, alternative),
        alternative,
        "exact" if exact else "asymptotic",
        len(shifted),
        f"{zeros} without a difference left out" if zeros else "",
    )


def mean_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give ranks from 1 on, equal values sharing their mean rank, shape (n,)."""
    in_order = np.sort(values)
    first = np.searchsorted(in_order, values, side="left")
    last = np.searchsorted(in_order, values, side="right")
    ranks: NDArray[np.float64] = (first + 1 + last) / 2.0
    return ranks


def _shifted(differences: NDArray[np.float64], null: float) -> NDArray[np.float64]:
    """Measure from ``null``, in decimals as the differences are."""
    if null == 0.0:
        return differences
    largest = max(abs(null), float(np.abs(differences).max()))
    return np.round(differences - null, 11 - math.floor(math.log10(largest))) + 0.0


def _exact_tails(ranks: NDArray[np.float64], above: float) -> tuple[float, float]:
    """Count all signs; twice a mean rank is a whole number."""
    doubled = np.rint(2 * ranks).astype(np.int64)
    chance = np.zeros(int(doubled.sum()) + 1)
    chance[0] = 1.0
    for rank in doubled:
        moved = np.zeros_like(chance)
        moved[rank:] = chance[: len(chance) - rank]
        chance = (chance + moved) / 2.0
    seen = round(2 * above)
    return float(min(1.0, chance[: seen + 1].sum())), float(min(1.0, chance[seen:].sum()))


def _normal_tails(ranks: NDArray[np.float64], above: float) -> tuple[float, float]:
    mean = float(ranks.sum()) / 2.0
    deviation = math.sqrt(float(np.square(ranks).sum()) / 4.0)
    normal = NormalDist(mean, deviation)
    return normal.cdf(above + 0.5), normal.cdf(2 * mean - above + 0.5)
