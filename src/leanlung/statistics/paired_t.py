"""The paired t: mean difference of runs, its interval, bound and tests.

Exact where differences are normal, and close to it for ten runs of about symmetric spread.
Runs that are trained on overlapping draws of the same data are not independent; for them the
variance is corrected when the ratio of test to training size is told.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics.estimate import require_level
from leanlung.statistics.hypothesis_test import (
    Alternative,
    HypothesisTest,
    require_alternative,
    require_differences,
    sided,
)
from leanlung.statistics.student import t_above, t_quantile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Far below any true standard error of figures of that size, far above what rounding leaves.
_NO_SPREAD = 1e-12


@dataclass(frozen=True)
class MeanDifference:
    """The mean of n differences with its standard error.

    Attributes:
        value: Their mean.
        error: Its standard error; 0 where all are equal.
        freedom: Degrees of freedom, n - 1.
    """

    value: float
    error: float
    freedom: int

    def interval(self, level: float) -> tuple[float, float] | None:
        """Give the two-sided interval, or None where all differences are equal.

        Args:
            level: In (0, 1).
        """
        require_level(level)
        reach = t_quantile((1.0 + level) / 2.0, self.freedom) * self.error
        return (self.value - reach, self.value + reach) if self.error else None

    def lower_bound(self, level: float) -> float | None:
        """Give the one-sided bound: at this level, the mean loses no more than that."""
        require_level(level)
        return self.value - t_quantile(level, self.freedom) * self.error if self.error else None

    def t(self, null: float) -> float | None:
        """Give how many standard errors the mean lies above ``null``."""
        return (self.value - null) / self.error if self.error else None


def mean_difference(
    differences: NDArray[np.float64], *, test_train_ratio: float | None = None
) -> MeanDifference:
    """Take the mean of differences and its standard error.

    Args:
        differences: Shape (n,), n two or more.
        test_train_ratio: Size of the test part over that of the training part, where every run
            draws its parts anew from the same data; then the variance is multiplied by
            ``1 / n + ratio`` in place of ``1 / n``. None if all runs share one split.

    Raises:
        StatisticsError: If there are fewer than two differences, one is not finite, or the
            ratio is not above zero.

    Source: Nadeau & Bengio 2003, Machine Learning 52 (the corrected resampled t test).
    """
    require_differences(differences)
    n = len(differences)
    share = 1.0 / n
    if test_train_ratio is not None:
        if not (math.isfinite(test_train_ratio) and test_train_ratio > 0):
            msg = (
                f"the ratio of test to training size is {test_train_ratio}; a number above 0 "
                "is expected (0.25 for 20 % tested and 80 % trained on)"
            )
            raise StatisticsError(msg)
        share += test_train_ratio
    spread = float(differences.std(ddof=1))
    if spread <= _NO_SPREAD * max(1e-300, float(abs(differences).max())):
        spread = 0.0
    return MeanDifference(float(differences.mean()), spread * math.sqrt(share), n - 1)


def paired_t(
    differences: NDArray[np.float64],
    *,
    null: float = 0.0,
    alternative: Alternative = "two-sided",
    name: str = "paired_t",
) -> HypothesisTest:
    """Test whether the mean difference is ``null``.

    With ``null=-margin`` and ``alternative="greater"`` it is the test of non-inferiority.

    Args:
        differences: Shape (n,), after minus before of every run.
        null: The mean difference that is to be refuted.
        alternative: On which side of it the mean is claimed to lie.
        name: Under which it is reported.

    Raises:
        StatisticsError: If there are fewer than two differences or one is not finite.

    Examples:
        >>> import numpy as np
        >>> found = paired_t(np.array([1.0, 2.0, 3.0]))
        >>> round(found.statistic, 4), round(found.p, 4)
        (3.4641, 0.0742)

    Source: Student 1908, Biometrika 6(1).
    """
    return _t_test(mean_difference(differences), null, alternative, name)


def corrected_t(
    differences: NDArray[np.float64],
    *,
    test_train_ratio: float,
    null: float = 0.0,
    alternative: Alternative = "two-sided",
    name: str = "corrected_t",
) -> HypothesisTest:
    """Test as `paired_t`, for runs that draw their parts anew from the same data.

    Args:
        differences: As for `paired_t`.
        test_train_ratio: Size of the test part over that of the training part, above 0.
        null: As for `paired_t`.
        alternative: As for `paired_t`.
        name: As for `paired_t`.

    Raises:
        StatisticsError: As `mean_difference`.

    Source: Nadeau & Bengio 2003, Machine Learning 52.
    """
    mean = mean_difference(differences, test_train_ratio=test_train_ratio)
    note = f"runs overlap; test part {test_train_ratio:g} times the training part"
    return _t_test(mean, null, alternative, name, note)


def equivalence(
    mean: MeanDifference, margin: float, *, name: str = "equivalence_t"
) -> HypothesisTest:
    """Test whether the mean difference lies within the margin on both sides (TOST).

    Args:
        mean: As `mean_difference` gives it.
        margin: Above 0, in the unit of the differences.
        name: Under which it is reported.

    Returns:
        The larger p of the two one-sided tests with its statistic; a small one speaks for
        equivalence.

    Source: Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15(6).
    """
    both = [
        _t_test(mean, -margin, "greater", name),
        _t_test(mean, margin, "less", name),
    ]
    return max(both, key=lambda one: -1.0 if one.p is None else one.p)


def _t_test(
    mean: MeanDifference, null: float, alternative: Alternative, name: str, note: str = ""
) -> HypothesisTest:
    require_alternative(alternative)
    n = mean.freedom + 1
    t = mean.t(null)
    if t is None:
        return HypothesisTest(name, None, None, alternative, "t", n, "no spread between runs")
    p = sided(t_above(-t, mean.freedom), t_above(t, mean.freedom), alternative)
    return HypothesisTest(name, t, p, alternative, "t", n, note)
