"""Features of three classes that small classifiers can tell apart, mostly."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest


class Parts(NamedTuple):
    """A training and a validation part."""

    train: np.ndarray
    train_labels: np.ndarray
    validation: np.ndarray
    validation_labels: np.ndarray


def drawn(classes: int = 3, features: int = 40, signal: float = 1.0, seed: int = 0) -> Parts:
    generator = np.random.default_rng(seed)
    labels = np.arange(150) % classes
    hidden = generator.normal(size=(150, 8))
    hidden[:, :classes] += signal * np.eye(classes)[labels]
    found = np.maximum(hidden @ generator.normal(size=(8, features)), 0).astype(np.float32)
    found[:, 5] = 0.25
    return Parts(found[:100], labels[:100], found[100:], labels[100:])


@pytest.fixture
def parts() -> Parts:
    return drawn()


@pytest.fixture
def two_classes() -> Parts:
    return drawn(classes=2)
