"""Compare runs: the paired difference of repeated runs, group by group, with a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics.comparison import verdict_of_ends
from leanlung.statistics.estimate import require_level
from leanlung.statistics.holm import holm
from leanlung.statistics.kruskal_wallis import kruskal_wallis
from leanlung.statistics.paired_t import corrected_t, equivalence, mean_difference, paired_t
from leanlung.statistics.runs_comparison import (
    RunsComparison,
    RunsDifference,
    require_runs_margin,
)
from leanlung.statistics.sign_flip import sign_flip
from leanlung.statistics.signed_ranks import wilcoxon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanlung.statistics.hypothesis_test import HypothesisTest
    from leanlung.statistics.paired_runs import PairedRuns
    from leanlung.statistics.paired_t import MeanDifference


def compare_runs(
    groups: Sequence[PairedRuns],
    *,
    margin: float,
    level: float = 0.95,
    test_train_ratio: float | None = None,
    seed: int = 0,
) -> tuple[RunsComparison, ...]:
    """Compare runs before and after, paired, one comparison a group.

    The verdict follows from the two-sided interval of the mean difference (Student's t) and
    the margin. Tests are printed beside it and decide nothing: of a difference (paired t,
    Wilcoxon, sign-flip; Kruskal-Wallis, which takes pairs for unpaired, only because it is
    what is published), of non-inferiority at the margin, and of equivalence (TOST).

    Args:
        groups: One or more, of different names, all in one unit.
        margin: Largest mean loss that is accepted, above 0, in the unit of the figures; to be
            fixed before looking.
        level: Of the two-sided interval and of the one-sided bound, in (0, 1).
        test_train_ratio: Size of the test part over that of the training part, where each run
            draws its parts anew from the same data. Interval, bound and verdict are then those
            of the corrected resampled t, which are wider.
        seed: Of the random signs, where a group has more than 20 runs.

    Returns:
        In the order of the groups. p-values are also adjusted by Holm over the groups, test by
        test; verdicts are not: that all groups are non-inferior needs no adjustment, that this
        or that one is does.

    Raises:
        StatisticsError: If there is no group, two have one name, level, ratio or margin are
            out of range, or the margin is no smaller than all figures of a group.

    Source: Piaggio et al. 2012 (CONSORT for non-inferiority trials); Demšar 2006, Journal of
        Machine Learning Research 7 (paired tests for repeated runs).
    """
    require_runs_margin(margin)
    require_level(level)
    _require_groups(groups, margin)
    found = [_tests(runs, margin, test_train_ratio, seed) for runs in groups]
    adjusted = _adjusted(found)
    return tuple(
        _compared(
            runs,
            mean_difference(runs.differences, test_train_ratio=test_train_ratio),
            tests,
            each,
            margin,
            level,
            "paired t" if test_train_ratio is None else "corrected resampled t",
        )
        for runs, tests, each in zip(groups, found, adjusted, strict=True)
    )


def _require_groups(groups: Sequence[PairedRuns], margin: float) -> None:
    names = [runs.group for runs in groups]
    if not names or len(set(names)) < len(names):
        msg = f"groups {names}: one or more are expected, each under a name of its own"
        raise StatisticsError(msg)
    for runs in groups:
        if margin >= runs.largest:
            msg = (
                f"group {runs.group!r}: a margin of {margin:g} is no smaller than its largest "
                f"figure, {runs.largest:g}, so nothing would count as a loss; give the margin "
                "in the unit of the table, and all groups in one unit"
            )
            raise StatisticsError(msg)


def _tests(
    runs: PairedRuns, margin: float, ratio: float | None, seed: int
) -> tuple[HypothesisTest, ...]:
    found = runs.differences
    tests = [
        paired_t(found),
        wilcoxon(found),
        sign_flip(found, seed=seed),
        paired_t(found, null=-margin, alternative="greater", name="non_inferiority_t"),
        wilcoxon(found, null=-margin, alternative="greater", name="non_inferiority_wilcoxon"),
        sign_flip(
            found,
            null=-margin,
            alternative="greater",
            name="non_inferiority_sign_flip",
            seed=seed,
        ),
        equivalence(mean_difference(found), margin),
    ]
    if ratio is not None:
        mean = mean_difference(found, test_train_ratio=ratio)
        tests += [
            corrected_t(found, test_train_ratio=ratio),
            corrected_t(
                found,
                test_train_ratio=ratio,
                null=-margin,
                alternative="greater",
                name="non_inferiority_corrected_t",
            ),
            equivalence(mean, margin, name="equivalence_corrected_t"),
        ]
    return (*tests, kruskal_wallis(runs))


def _adjusted(found: Sequence[Sequence[HypothesisTest]]) -> list[dict[str, float | None]]:
    """Adjust every test over the groups; the last one claims nothing and is left as it is."""
    by_group: list[dict[str, float | None]] = [{} for _ in found]
    for same in zip(*(tests[:-1] for tests in found), strict=True):
        over_groups = holm([1.0 if one.p is None else one.p for one in same])
        for entries, one, p in zip(by_group, same, over_groups, strict=True):
            entries[one.name] = None if one.p is None else p
    return by_group


def _compared(
    runs: PairedRuns,
    mean: MeanDifference,
    tests: tuple[HypothesisTest, ...],
    adjusted: dict[str, float | None],
    margin: float,
    level: float,
    method: str,
) -> RunsComparison:
    changes = runs.differences
    low, high = mean.interval(level) or (None, None)
    if not mean.error:
        method = (
            f"all {len(runs)} runs differ by exactly {mean.value:g}, so there is no spread to "
            "judge by (is it the same column twice?)"
        )
    difference = RunsDifference(
        mean.value, low, high, mean.lower_bound(level), level, method, len(runs)
    )
    worst = int(np.argmin(changes))
    return RunsComparison(
        runs.group,
        float(runs.before.mean()),
        float(runs.after.mean()),
        difference,
        margin,
        verdict_of_ends((low, high), margin),
        int((changes < 0).sum()),
        int((changes == 0).sum()),
        worst + 1,
        float(changes[worst]),
        tests,
        adjusted,
    )
