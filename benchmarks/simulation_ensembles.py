"""Which way to choose weights holds on other patients, for members that err apart or alike.

Draws three models of three classes with skills 2, 2.4 and 2.8, combines them every way, and
prints macro AUC and accuracy on 4,000 other studies, means over draws::

    python benchmarks/simulation_ensembles.py       # 15 draws a line
    python benchmarks/simulation_ensembles.py 3
"""

from __future__ import annotations

import sys
from collections import defaultdict
from itertools import product

import numpy as np

from leanlung.ensembles import Ensemble, choose_combiner, figures
from leanlung.statistics import Predictions

CLASSES = ("a", "b", "c")
SKILLS = (2.0, 2.4, 2.8)
CORRELATIONS = (0.3, 0.7)
SURENESS = ((1, 1, 1), (4, 4, 4), (2, 4, 8))
"""By which scores are multiplied: none of it changes an answer, all of it how sure it is."""

VALIDATION, OTHERS = (100, 400), 4000
WAYS = ("macro_auc", "accuracy", "brier", "log_loss", "published")


def drawn(
    generator: np.random.Generator,
    studies: int,
    correlation: float,
    sureness: tuple[int, ...],
    prefix: str,
) -> list[Predictions]:
    labels = generator.integers(0, len(CLASSES), studies)
    ids = tuple(f"{prefix}{row}" for row in range(studies))
    shared = generator.normal(size=(studies, len(CLASSES)))
    found = []
    for place, (skill, sure) in enumerate(zip(SKILLS, sureness, strict=True)):
        own = generator.normal(size=shared.shape)
        scores = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own
        scores[np.arange(studies), labels] += skill
        shares = np.exp(sure * (scores - scores.max(axis=1, keepdims=True)))
        shares = np.clip(shares / shares.sum(axis=1, keepdims=True), 1e-9, 1.0)
        shares /= shares.sum(axis=1, keepdims=True)
        found.append(Predictions(f"m{place}", CLASSES, ids, ids, labels, shares))
    return found


def main(draws: int) -> None:
    names = ("best", "mean", *WAYS)
    print(f"{'correlation, sureness, validation':36}" + "".join(f"{n:>15}" for n in names))
    for correlation, sureness, studies in product(CORRELATIONS, SURENESS, VALIDATION):
        measured = defaultdict(list)
        for draw in range(draws):
            generator = np.random.default_rng(draw)
            validation = drawn(generator, studies, correlation, sureness, "v")
            others = drawn(generator, OTHERS, correlation, sureness, "t")
            combiners = {"mean": choose_combiner("mean")} | {
                way: choose_combiner("weighted", validation, weights=way) for way in WAYS
            }
            answers = {"best": others[-1]} | {
                name: Ensemble(("1", "2", "3"), CLASSES, combiner).combine(others)
                for name, combiner in combiners.items()
            }
            for name, answered in answers.items():
                told = figures(answered)
                measured[name].append((told["macro_auc"], told["accuracy"]))
        line = f"{correlation}, {sureness}, {studies}"
        means = (np.mean(measured[name], axis=0) for name in names)
        print(f"{line:36}" + "".join(f"{area:8.4f} {right:.4f}" for area, right in means))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
