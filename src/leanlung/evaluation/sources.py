"""Results by source: one hospital at a time, as a pooled figure can hide a bad one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leanlung.statistics import Estimate, Predictions, measure

if TYPE_CHECKING:
    from collections.abc import Mapping

UNKNOWN = "unknown"


def measure_by_source(
    predictions: Predictions,
    source_of: Mapping[str, str],
    *,
    level: float,
    resamples: int,
    seed: int,
) -> dict[str, Estimate]:
    """Measure the accuracy within each source.

    Args:
        predictions: Of all sources.
        source_of: Source by study id; studies without one count as ``unknown``.
        level: Of the intervals.
        resamples: Of the bootstrap, where patients repeat.
        seed: Of the bootstrap.

    Returns:
        Accuracy by source, sources in alphabetical order.
    """
    sources = np.array([source_of.get(name) or UNKNOWN for name in predictions.study_ids])
    found = {}
    for source in sorted(set(sources.tolist())):
        part = predictions.subset(sources == source)
        (found[source],) = measure(
            part, metrics=["accuracy"], level=level, resamples=resamples, seed=seed
        )
    return found
