"""A drop: what a model loses between two sets of patients, as from one hospital to another.

Nothing pairs the two sets, so their intervals are put together as those of independent figures.
"""

from __future__ import annotations

import math

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics.estimate import Ends, Estimate


def drop_between(internal: Estimate, external: Estimate) -> Estimate:
    """Give what changes from one set of patients to another.

    Args:
        internal: A metric of a model on patients like those it was trained on.
        external: The same metric of the same model on others.

    Returns:
        External minus internal, below zero for a drop. It has no interval where one of the two
        has none, and no value where one has none.

    Raises:
        StatisticsError: If names or levels differ.

    Source: Newcombe 1998, Statistics in Medicine 17(8), for any estimates as in Zou & Donner
        2008, Statistics in Medicine 27(10).
    """
    if internal.name != external.name or internal.level != external.level:
        msg = (
            f"{internal.name} at {internal.level:g} beside {external.name} at "
            f"{external.level:g}; the same metric at the same level is expected"
        )
        raise StatisticsError(msg)
    counted = external.level, external.studies, external.patients
    if internal.value is None or external.value is None:
        lacking = internal if internal.value is None else external
        return _estimate(external.name, None, (None, None), lacking.method, counted)
    value = external.value - internal.value
    if None in (internal.low, internal.high, external.low, external.high):
        return _estimate(
            external.name, value, (None, None), "one side has no interval", counted
        )
    ends = _put_together(internal, external, value)
    method = f"square-and-add of {internal.method} and {external.method}, other patients"
    return _estimate(external.name, value, ends, method, counted)


def _put_together(internal: Estimate, external: Estimate, value: float) -> Ends:
    def reach(one: float | None, other: float | None) -> float:
        return 0.0 if one is None or other is None else one - other

    down = math.hypot(reach(external.value, external.low), reach(internal.high, internal.value))
    up = math.hypot(reach(external.high, external.value), reach(internal.value, internal.low))
    return value - down, value + up


def _estimate(
    name: str, value: float | None, ends: Ends, method: str, counted: tuple[float, int, int]
) -> Estimate:
    level, studies, patients = counted
    return Estimate(name, value, *ends, level, method, studies, patients)
