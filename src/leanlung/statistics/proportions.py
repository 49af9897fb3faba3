"""Proportions: the exact interval of so many out of so many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics.estimate import require_level

if TYPE_CHECKING:
    from leanlung.statistics.estimate import Ends


def clopper_pearson(successes: float, n: int, level: float = 0.95) -> Ends:
    """Give the Clopper-Pearson interval of a proportion.

    It never covers less often than its level, at the price of being a little wide, and it
    does not shrink to a point at none or all: 27 of 27 gives [0.872, 1].

    Args:
        successes: In [0, n]. A fraction is allowed, for a share that is not a count but is
            known no better than one.
        n: Independent trials.
        level: In (0, 1), two-sided.

    Returns:
        Lower and upper end in [0, 1], or two None where there was no trial.

    Raises:
        StatisticsError: If ``successes`` lies outside [0, n] or ``level`` outside (0, 1).

    Examples:
        >>> low, high = clopper_pearson(27, 27)
        >>> round(low, 4), high
        (0.8723, 1.0)

    Source: Clopper & Pearson 1934, Biometrika 26(4), in the form of beta quantiles (Brown,
        Cai & DasGupta 2001, Statistical Science 16(2), section 4.2.1).
    """
    require_level(level)
    if not 0 <= successes <= n:
        msg = f"{successes} successes of {n}: a count between 0 and {n} was expected"
        raise StatisticsError(msg)
    if n == 0:
        return None, None
    # Here and not above: it takes longer to load than the rest of the room together.
    from scipy.special import betaincinv

    tail = (1.0 - level) / 2.0
    low = float(betaincinv(successes, n - successes + 1, tail)) if successes > 0 else 0.0
    high = float(betaincinv(successes + 1, n - successes, 1 - tail)) if successes < n else 1.0
    return low, high
