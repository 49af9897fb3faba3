"""The metrics a fit and a choice may look at, on the validation part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import auc

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEAST = 1e-12


def validation_metrics(
    labels: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> dict[str, float]:
    """Measure predictions, without intervals.

    Args:
        labels: (N,), every class present.
        probabilities: (N, classes).

    Returns:
        ``macro_auc``, ``accuracy``, ``balanced_accuracy``, all in [0, 1], and
        ``log_likelihood``, the mean of the log probability of the right class, at most 0.
        Higher is better for each.

    Raises:
        StatisticsError: If all images are of one class.
    """
    classes = probabilities.shape[1]
    answered = probabilities.argmax(axis=1)
    right = probabilities[np.arange(len(labels)), labels]
    areas = [auc(labels == one, probabilities[:, one]) for one in range(classes)]
    found = [area for area in areas if area is not None]
    if not found:
        msg = (
            f"{len(labels)} images of one class alone; images of every class were expected, "
            "or nothing can be told apart"
        )
        raise StatisticsError(msg)
    return {
        "macro_auc": float(np.mean(found)),
        "accuracy": float(np.mean(answered == labels)),
        "balanced_accuracy": float(
            np.mean([np.mean(answered[labels == one] == one) for one in np.unique(labels)])
        ),
        "log_likelihood": float(np.mean(np.log(np.maximum(right, _LEAST)))),
    }
