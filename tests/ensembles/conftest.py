"""Members of an ensemble: models of a given skill on the same made-up studies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from leanlung.statistics import Predictions

Make = Callable[..., list[Predictions]]
CLASSES = ("normal", "bacterial", "covid")


@pytest.fixture(scope="session")
def members() -> Make:
    """Build predictions of models that err apart from each other."""

    def make(
        studies: int = 90,
        skills: tuple[float, ...] = (1.0, 1.5, 2.5),
        *,
        seed: int = 0,
        prefix: str = "f",
        part: str | None = None,
        classes: tuple[str, ...] = CLASSES,
    ) -> list[Predictions]:
        generator = np.random.default_rng(seed)
        labels = generator.permutation(np.arange(studies) % len(classes))
        ids = tuple(f"{prefix}{row}" for row in range(studies))
        found = []
        for place, skill in enumerate(skills):
            scores = generator.normal(size=(studies, len(classes)))
            scores[np.arange(studies), labels] += skill
            shares = np.exp(scores)
            shares /= shares.sum(axis=1, keepdims=True)
            patients = tuple(f"p-{name}" for name in ids)
            found.append(Predictions(f"m{place}", classes, ids, patients, labels, shares, part))
        return found

    return make
