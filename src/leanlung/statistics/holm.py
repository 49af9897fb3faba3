"""Holm's correction: several claims at once, with one chance of a false one among them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.foundations.errors import StatisticsError

if TYPE_CHECKING:
    from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjust p-values so that each may be held against the level of all claims together.

    Whatever the claims have to do with one another, the chance of one or more false ones is at
    most the level. The smallest p is multiplied by the number of claims, the next by one less,
    and so on; none comes out smaller than one before it, and none above 1.

    Args:
        p_values: One a claim, each in [0, 1]. A claim that cannot be tested has 1.

    Returns:
        Adjusted p-values in the same order, each in [0, 1].

    Raises:
        StatisticsError: If one is no number in [0, 1].

    Examples:
        >>> holm([0.5, 0.01, 0.02])
        (0.5, 0.03, 0.04)

    Source: Holm 1979, Scandinavian Journal of Statistics 6(2).
    """
    for place, p in enumerate(p_values, start=1):
        if not 0.0 <= p <= 1.0:
            msg = (
                f"p-value {place} of {len(p_values)} is {p}; a number in [0, 1] is expected, "
                "1 for a claim that cannot be tested"
            )
            raise StatisticsError(msg)
    adjusted = [1.0] * len(p_values)
    largest = 0.0
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    for before, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - before) * p_values[index]))
        adjusted[index] = largest
    return tuple(adjusted)
