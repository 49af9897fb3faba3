"""Student's t: quantiles and tails, for degrees of freedom that need not be whole."""

from __future__ import annotations

from statistics import NormalDist

_AS_GOOD_AS_NORMAL = 1e6


def t_quantile(share: float, freedom: float) -> float:
    """Give the value that a share of Student's t lies below.

    Args:
        share: In (0, 1).
        freedom: Degrees of freedom, above 0; infinite for the normal distribution.
    """
    if freedom > _AS_GOOD_AS_NORMAL:
        return NormalDist().inv_cdf(share)
    # Here and not above: it takes longer to load than the rest of the room together.
    from scipy.special import stdtrit

    return float(stdtrit(freedom, share))


def t_above(value: float, freedom: float) -> float:
    """Give the share of Student's t that lies above a value, in [0, 1].

    Args:
        value: Any number, infinite ones too.
        freedom: Degrees of freedom, above 0; infinite for the normal distribution.
    """
    if freedom > _AS_GOOD_AS_NORMAL:
        return NormalDist().cdf(-value)
    from scipy.special import stdtr

    return float(stdtr(freedom, -value))
