"""Checking: features and labels that something is to be learnt from, or asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.foundations.errors import TrainingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]
    Numbers = NDArray[np.int64]


def require_features(features: Floats, labels: Numbers, part: str) -> None:
    """Refuse a matrix and labels that do not belong together or hold no numbers.

    Args:
        features: Shape (N, F).
        labels: Shape (N,), from 0 on.
        part: Of the data, for the message.

    Raises:
        TrainingError: If shapes do not fit, nothing is there, or a feature is not finite.
    """
    if features.ndim != 2 or labels.shape != features.shape[:1] or not features.size:
        msg = (
            f"{part}: features of shape {features.shape} and labels of shape {labels.shape}; "
            "(images, features) and (images,) are expected, at least one of each"
        )
        raise TrainingError(msg)
    if labels.min() < 0:
        msg = f"{part}: a label of {labels.min()}; classes are counted from 0"
        raise TrainingError(msg)
    require_finite(features, part)


def require_finite(features: Floats, part: str) -> None:
    """Refuse features that are not finite.

    Raises:
        TrainingError: Telling how many, in how many images.
    """
    if np.isfinite(features).all():
        return
    bad = ~np.isfinite(features)
    msg = (
        f"{part}: {bad.sum()} features of {bad.any(axis=1).sum()} of {len(features)} images "
        "are not finite numbers; the network diverged: train it again with a lower rate"
    )
    raise TrainingError(msg)


def require_classes(labels: Numbers, classes: int) -> None:
    """Refuse a training part from which not every class can be learnt.

    Args:
        labels: Of the training part.
        classes: How many there are.

    Raises:
        TrainingError: If a class has no image, or a label is of no class.
    """
    counts = np.bincount(labels, minlength=classes)
    if classes >= 2 and len(counts) == classes and counts.all():
        return
    found = ", ".join(f"{count} of class {index}" for index, count in enumerate(counts))
    msg = (
        f"the training part has {found}, where {classes} classes are to be told apart; at "
        "least one image of each of two or more classes is needed: split anew, or leave a "
        "class out"
    )
    raise TrainingError(msg)
