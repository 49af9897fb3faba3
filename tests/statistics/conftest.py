"""Predictions made by hand or by chance, for every test of this room."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from leanlung.statistics import Predictions

Make = Callable[..., Predictions]


@pytest.fixture(scope="session")
def answers() -> Make:
    """Build predictions that answer each study with certainty."""

    def make(
        labels: Sequence[int],
        answered: Sequence[int],
        *,
        model: str = "large",
        classes: tuple[str, ...] = ("normal", "covid"),
        patients: Sequence[str] | None = None,
    ) -> Predictions:
        return Predictions(
            model,
            classes,
            tuple(f"study-{row}" for row in range(len(labels))),
            tuple(patients or (f"patient-{row}" for row in range(len(labels)))),
            np.array(labels),
            np.eye(len(classes))[np.array(answered)],
        )

    return make


@pytest.fixture(scope="session")
def chance() -> Make:
    """Build predictions that are right more often than not, the same for the same seed."""

    def make(
        studies: int = 120,
        *,
        patients: int | None = None,
        classes: int = 3,
        seed: int = 0,
        model: str = "large",
        skill: float = 1.0,
    ) -> Predictions:
        # Labels and patients are the same for every seed, so that models can be paired.
        shared = np.random.default_rng(studies)
        labels = np.arange(studies) % classes
        shared.shuffle(labels)
        owners = np.arange(studies) % (patients or studies)
        shared.shuffle(owners)
        scores = np.random.default_rng(seed).normal(size=(studies, classes))
        scores[np.arange(studies), labels] += skill
        shares = np.exp(scores)
        return Predictions(
            model,
            tuple(f"class-{index}" for index in range(classes)),
            tuple(f"study-{row}" for row in range(studies)),
            tuple(f"patient-{owner}" for owner in owners),
            labels,
            shares / shares.sum(axis=1, keepdims=True),
        )

    return make
