"""How often the tests of repeated runs, and the interval over seeds, are wrong by chance.

Draws runs whose mean loss is exactly the margin and counts how often non-inferiority is claimed
(nominal 5 %), and means over seeds and counts how often the 95 % interval misses the truth::

    python benchmarks/simulation_runs.py            # 10,000 draws a line
    python benchmarks/simulation_runs.py 1000
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from leanlung.statistics.paired_t import corrected_t, equivalence, mean_difference, paired_t
from leanlung.statistics.seeds_spread import SeedsSpread
from leanlung.statistics.sign_flip import sign_flip
from leanlung.statistics.signed_ranks import wilcoxon

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

MARGIN = 1.0

RATIO = 0.25

Draw = "Callable[[np.random.Generator, int], NDArray[np.float64]]"

SHAPES: dict[str, Draw] = {
    "normal": lambda generator, n: generator.normal(-MARGIN, 0.8, n),
    "long tails (t, 3 df)": lambda generator, n: -MARGIN + 0.5 * generator.standard_t(3, n),
    "two decimals": lambda generator, n: np.round(generator.normal(-MARGIN, 0.05, n), 2),
    "tenths, many ties": lambda generator, n: np.round(generator.normal(-MARGIN, 0.2, n), 1),
}
"""All symmetric about a loss of the margin."""

SAME = {"null": -MARGIN, "alternative": "greater"}

TESTS: dict[str, Callable[[NDArray[np.float64]], float | None]] = {
    "t": lambda d: paired_t(d, **SAME).p,
    "Wilcoxon": lambda d: wilcoxon(d, **SAME).p,
    "sign-flip": lambda d: sign_flip(d, draws=199, **SAME).p,
    "TOST": lambda d: equivalence(mean_difference(d), MARGIN).p,
}


def false_claims(shape: str, test: str, n: int, draws: int, seed: int = 0) -> float:
    """Share of draws of n runs, at the margin, in which p is 0.05 or less."""
    generator = np.random.default_rng(seed)
    found = (TESTS[test](SHAPES[shape](generator, n)) for _ in range(draws))
    return sum(p is not None and p <= 0.05 for p in found) / draws


def overlapping(n: int, draws: int, *, corrected: bool, seed: int = 0) -> float:
    """The same for runs whose parts overlap: their correlation is that of Nadeau and Bengio."""
    generator = np.random.default_rng(seed)
    rho = RATIO / (1 + RATIO)
    wrong = 0
    for _ in range(draws):
        d = -MARGIN + generator.normal(0, rho**0.5) + generator.normal(0, (1 - rho) ** 0.5, n)
        found = (
            corrected_t(d, test_train_ratio=RATIO, **SAME) if corrected else paired_t(d, **SAME)
        )
        wrong += found.p is not None and found.p <= 0.05
    return wrong / draws


def misses(  # how often the interval over seeds does not hold the truth
    seeds: int, between: float, together: float, draws: int, patients: int = 200, seed: int = 0
) -> float:
    """Share of draws whose 95 % interval misses a true difference of 0.

    Every patient has an effect of standard deviation 0.3, every seed one of ``between``, and
    every pair of both one of ``together``.
    """
    generator = np.random.default_rng(seed)
    missed = 0
    for _ in range(draws):
        d = generator.normal(0, 0.3, patients) + generator.normal(0, between, (seeds, 1))
        if together:
            d = d + generator.normal(0, together, (seeds, patients))
        by_seed, by_patient = d.mean(axis=1), d.mean(axis=0)
        low, high = SeedsSpread(
            by_seed.mean(),
            by_patient.std(ddof=1) / patients**0.5,
            by_seed.std(ddof=1),
            seeds,
            patients,
            "",
        ).interval(0.95)
        missed += not low <= 0 <= high
    return missed / draws


def main(draws: int) -> None:
    print(f"non-inferiority claimed at a loss of exactly the margin, % of {draws} draws\n")
    print(f"{'differences':<22}{'runs':>5}" + "".join(f"{test:>11}" for test in TESTS))
    for shape in SHAPES:
        for n in (5, 10, 25):
            shares = [false_claims(shape, test, n, draws) for test in TESTS]
            print(f"{shape:<22}{n:>5}" + "".join(f"{100 * share:>11.2f}" for share in shares))
    print(f"\nruns with overlapping parts, ratio {RATIO}\n")
    print(f"{'runs':>5}{'paired t':>11}{'corrected':>11}")
    for n in (5, 10, 25):
        shares = [overlapping(n, draws, corrected=flag) for flag in (False, True)]
        print(f"{n:>5}" + "".join(f"{100 * share:>11.2f}" for share in shares))
    print(f"\n95 % interval over seeds misses the truth, % of {draws} draws\n")
    print(f"{'seeds':>5}{'spread of seeds':>17}{'alone':>8}{'with patients':>15}")
    for seeds in (2, 3, 5, 10):
        for between in (0.0, 0.01, 0.05, 0.2):
            shares = [misses(seeds, between, together, draws) for together in (0.0, 0.4)]
            print(f"{seeds:>5}{between:>17}{100 * shares[0]:>8.2f}{100 * shares[1]:>15.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
