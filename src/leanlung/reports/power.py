"""Power: the bound, the p-values and what the studies could have shown, beside the verdict."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leanlung.reports import numbers
from leanlung.statistics.weigh import weigh

if TYPE_CHECKING:
    from leanlung.statistics import Comparison, Predictions


def power_lines(
    pair: tuple[Predictions, Predictions], verdict: Comparison, resamples: int, seed: int
) -> tuple[str, ...]:
    """Give what stands beside a verdict, a line each.

    Args:
        pair: The whole and the chosen network on the same studies.
        verdict: Of the two.
        resamples: Of the bootstrap, as the verdict's, so that both agree.
        seed: Likewise.

    Returns:
        Nothing where there is no interval.
    """
    [found] = weigh(
        *pair,
        [verdict.metric],
        margins=[verdict.margin],
        level=verdict.difference.level,
        resamples=resamples,
        seed=seed,
    ).evidence
    # Names of tests in words, and a true minus sign in front of a number.
    return tuple(
        re.sub(r"(?<= )-(?=\d)", numbers.minus("-"), line).replace("_", " ")
        for line in found.lines()
    )
