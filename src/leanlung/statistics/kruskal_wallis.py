"""Kruskal and Wallis, for one thing only: to print what others have published.

It takes the runs before and the runs after for two samples that have nothing to do with one
another. Of pairs it throws away the pairing, and with it most of its power; that it finds no
difference never says that there is none.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from leanlung.statistics.hypothesis_test import HypothesisTest
from leanlung.statistics.signed_ranks import mean_ranks

if TYPE_CHECKING:
    from leanlung.statistics.paired_runs import PairedRuns

AS_PUBLISHED = "as published: takes pairs for unpaired; decides nothing here"


def kruskal_wallis(runs: PairedRuns) -> HypothesisTest:
    """Test whether figures after rank otherwise than figures before, as if unpaired.

    Args:
        runs: Of n runs, two or more.

    Returns:
        H corrected for ties, and p by the chi-square distribution with one degree of freedom;
        both None if all figures are the same.

    Source: Kruskal & Wallis 1952, JASA 47(260).
    """
    n = len(runs)
    every = np.concatenate([runs.before, runs.after])
    ranks = mean_ranks(every)
    # N (N + 1) / 12 where no ranks tie; taking it as it is corrects for ties.
    variance = float(ranks.var(ddof=1))
    if variance == 0.0:
        return HypothesisTest(
            "kruskal_wallis", None, None, "two-sided", "asymptotic", n, AS_PUBLISHED
        )
    middle = (len(every) + 1) / 2.0
    off = [float(part.mean()) - middle for part in (ranks[:n], ranks[n:])]
    h = n * sum(one**2 for one in off) / variance
    p = math.erfc(math.sqrt(h / 2.0))
    return HypothesisTest("kruskal_wallis", h, p, "two-sided", "asymptotic", n, AS_PUBLISHED)
