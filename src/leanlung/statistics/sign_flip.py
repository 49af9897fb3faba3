"""The sign-flip test: the mean difference against all that other signs would give.

It takes nothing for granted but that, if nothing had changed, a difference would as soon have
had the other sign.
"""

from __future__ import annotations

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

EXACT_TO = 20
"""Largest number of differences that are not zero for which all 2 ** n signs are tried."""

DRAWS = 99_999
"""Of random signs, where there are more."""

_CHUNK = 1 << 22

# Sums that are equal in decimals are counted as equal.
_SAME = 1e-10


def sign_flip(
    differences: NDArray[np.float64],
    *,
    null: float = 0.0,
    alternative: Alternative = "two-sided",
    name: str = "sign_flip",
    draws: int = DRAWS,
    seed: int = 0,
) -> HypothesisTest:
    """Test whether differences lie symmetrically about ``null``, by their mean.

    With ``null=-margin`` and ``alternative="greater"`` it is a test of non-inferiority.

    Args:
        differences: Shape (n,), after minus before of every run.
        null: Centre that is to be refuted.
        alternative: On which side of it the centre is claimed to lie.
        name: Under which it is reported.
        draws: Of random signs, where more than 20 differences are not ``null``.
        seed: Of these draws; the order of the runs changes nothing.

    Returns:
        The mean difference less ``null``, and p: the share of all signs whose mean is as far
        out. With random signs the signs as they are count as one draw more, so that p is
        never zero and the test holds its level.

    Raises:
        StatisticsError: If there are fewer than two differences or one is not finite.

    Examples:
        >>> sign_flip(np.array([1.0, 2.0, 3.0])).p
        0.25

    Source: Fisher 1935, The Design of Experiments, section 21; Phipson & Smyth 2010,
        Statistical Applications in Genetics and Molecular Biology 9(1), article 39 (one more).
    """
    require_differences(differences)
    require_alternative(alternative)
    shifted = np.sort(differences - null)
    scale = max(float(np.abs(differences).max()), abs(null))
    moved = shifted[np.abs(shifted) > _SAME * scale]
    exact = len(moved) <= EXACT_TO
    tails = _all_signs(moved) if exact else _some_signs(moved, draws, seed)
    return HypothesisTest(
        name,
        float(shifted.mean()),
        sided(*tails, alternative),
        alternative,
        "exact" if exact else "monte_carlo",
        len(shifted),
        "" if exact else f"{draws} random signs and the ones seen",
    )


def _all_signs(moved: NDArray[np.float64]) -> tuple[float, float]:
    sums = np.zeros(1)
    for size in moved:
        sums = np.concatenate([sums - size, sums + size])
    below, above = _counts(sums, moved)
    return below / len(sums), above / len(sums)


def _some_signs(moved: NDArray[np.float64], draws: int, seed: int) -> tuple[float, float]:
    generator = np.random.default_rng(seed)
    below = above = 1
    left = draws
    while left:
        rows = min(left, max(1, _CHUNK // len(moved)))
        signs = generator.integers(0, 2, (rows, len(moved)), dtype=np.int8) * 2.0 - 1.0
        sums = np.asarray(signs @ np.abs(moved), dtype=np.float64)
        fewer, more = _counts(sums, moved)
        below, above, left = below + fewer, above + more, left - rows
    return below / (draws + 1), above / (draws + 1)


def _counts(sums: NDArray[np.float64], moved: NDArray[np.float64]) -> tuple[int, int]:
    seen, slack = moved.sum(), _SAME * np.abs(moved).sum()
    return int((sums <= seen + slack).sum()), int((sums >= seen - slack).sum())
