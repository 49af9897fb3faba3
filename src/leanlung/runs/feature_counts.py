"""Counts of a network of features: weights alone, with the classifier, and as published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.runs.candidates import classifier_of

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.networks import ModelSize

_FLOAT = 4
_ADAM = 3
"""The weights and two moments of each: what a file of weights and optimiser holds."""


def counts_of(
    whole: ModelSize, without_constants: ModelSize, features: ModelSize, folder: Path
) -> dict[str, Any]:
    """Count the three networks of a run alike: the same kind of file on both sides.

    Args:
        whole: Of the fitted network.
        without_constants: Without its units that never vary.
        features: Without its last layer and the features that nobody reads.
        folder: Of the last one's candidate, which tells of its classifier.

    Returns:
        By network: ``parameters`` and ``bytes`` of the weights only, ``numbers`` and
        ``bytes_with_classifier`` with the classifier, and the shares of the original's.
        ``as_published`` counts as García-Ramírez et al. 2023 do: a share without the
        classifier, and the original's bytes with the optimiser's two moments of each weight.
    """
    reads = classifier_of(folder) or {"numbers": 0, "bytes": 0}
    return {
        "unpruned": _count(whole, whole),
        "without_constants": _count(without_constants, whole),
        "features": _count(features, whole, reads["numbers"], reads["bytes"]),
        "as_published": {
            "parameters": features.stored,
            "share": features.stored / whole.stored,
            "bytes": _FLOAT * features.stored,
            "original_bytes": _FLOAT * _ADAM * whole.stored,
        },
    }


def _count(
    size: ModelSize, whole: ModelSize, numbers: int = 0, classifier_bytes: int = 0
) -> dict[str, Any]:
    return {
        "parameters": size.stored,
        "share": size.stored / whole.stored,
        "bytes": size.file_bytes,
        "numbers": size.stored + numbers,
        "share_with_classifier": (size.stored + numbers) / whole.stored,
        "bytes_with_classifier": size.file_bytes + classifier_bytes,
    }
