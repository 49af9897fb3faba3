"""Calibration: the temperature at which a classifier's scores are chances."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.features.checking import require_features
from leanlung.foundations.errors import TrainingError
from leanlung.statistics.temperature import Temperature

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from leanlung.features.classifier import FeatureClassifier

    Floats = NDArray[np.floating[Any]]
    Matrix = NDArray[np.float64]
    Numbers = NDArray[np.int64]

_WIDEST = 10.0
"""Logarithm of how far the temperature may lie from the scores' own size."""

_ALL_RIGHT = (
    "no image scores another class higher, so that no temperature is best; it is as sure as if "
    "each class had been met once more"
)
_NO_BETTER = "no temperature does better than 1"


def calibrate(
    classifier: FeatureClassifier, features: Floats, labels: Numbers
) -> FeatureClassifier:
    """Find the temperature of least log-loss.

    One positive number divides all scores, so that no answer changes. Where every image is
    answered rightly the loss falls for ever as the temperature does; then the true labels count
    (n + 1) / (n + classes) and the others share the rest (Laplace's rule). The log-loss on
    these images never becomes larger than before.

    Args:
        classifier: What is calibrated; one that is already is calibrated anew.
        features: Shape (n, F), of the validation part.
        labels: Shape (n,).

    Returns:
        The same classifier with a calibration; its ``caveat`` tells what was out of the
        ordinary.

    Raises:
        TrainingError: If shapes do not fit, a label is of no class, or a number is not finite.

    Source: Guo et al. 2017, ICML (temperature scaling). García-Ramírez et al. 2023 give no
        probabilities; libsvm's own (``probability=True``) come from folds within the training
        part and may contradict its answers.
    """
    require_features(features, labels, "validation part")
    if labels.max() >= classifier.classes:
        msg = (
            f"validation part: a label of {labels.max()} for a classifier of "
            f"{classifier.classes} classes, counted from 0"
        )
        raise TrainingError(msg)
    return replace(classifier, calibration=temperature_of(classifier.scores(features), labels))


def temperature_of(scores: Matrix, labels: Numbers) -> Temperature:
    """Find the temperature of least log-loss for scores, (n, classes), as `calibrate` does."""
    from scipy.optimize import minimize_scalar

    n, classes = scores.shape
    targets = np.eye(classes)[labels]
    before = _log_loss(scores, targets)
    highest = scores.max(axis=1)
    all_right = bool((scores[np.arange(n), labels] == highest).all())
    aims = (n * targets + 1.0) / (n + classes) if all_right else targets
    size = float(np.sqrt(np.square(scores - highest[:, np.newaxis]).mean()))
    kept = Temperature(1.0, before, before, n, _NO_BETTER)
    if not size:  # the scores are all the same, and no temperature changes anything
        return kept
    found = minimize_scalar(
        lambda power: _log_loss(scores * (np.exp(power) / size), aims),
        bounds=(-_WIDEST, _WIDEST),
        method="bounded",
        options={"xatol": 1e-9},
    )
    value = float(size * np.exp(-found.x))
    loss = _log_loss(scores / value, targets)
    if loss >= before:
        return kept
    return Temperature(value, loss, before, n, _ALL_RIGHT if all_right else "")


def _log_loss(scores: Matrix, targets: Matrix) -> float:
    """Mean over images of minus the log-probability of their targets, (n, classes)."""
    lowered = scores - scores.max(axis=1, keepdims=True)
    logs = lowered - np.log(np.exp(lowered).sum(axis=1, keepdims=True))
    return float(-(targets * logs).sum(axis=1).mean())
