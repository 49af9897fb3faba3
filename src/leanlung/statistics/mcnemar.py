"""McNemar's test: whether two models differ, from the studies that only one answers rightly."""

from __future__ import annotations

import math


def mcnemar_exact(gained: int, lost: int) -> float:
    """Give the exact two-sided p-value, in (0, 1].

    Args:
        gained: Studies that only the candidate answers rightly.
        lost: Studies that only the baseline answers rightly.

    Source: McNemar 1947, Psychometrika 12(2); exact as a binomial of the discordant studies.
    """
    return min(1.0, 2.0 * _tail(gained, lost))


def mcnemar_mid_p(gained: int, lost: int) -> float:
    """Give the mid-p two-sided p-value, in (0, 1]; 1 where the two sides are equal.

    Args:
        gained: Studies that only the candidate answers rightly.
        lost: Studies that only the baseline answers rightly.

    Source: Fagerland, Lydersen & Laake 2013, BMC Medical Research Methodology 13:91.
    """
    if gained == lost:
        return 1.0
    return min(1.0, 2.0 * _tail(gained, lost) - _point(min(gained, lost), gained + lost))


def _tail(gained: int, lost: int) -> float:
    """The chance of so few on the smaller side, or fewer."""
    n = gained + lost
    return min(1.0, math.fsum(_point(count, n) for count in range(min(gained, lost) + 1)))


def _point(count: int, n: int) -> float:
    log = math.lgamma(n + 1) - math.lgamma(count + 1) - math.lgamma(n - count + 1)
    return math.exp(log - n * math.log(2.0))
