"""Models: a bundle or an ensemble of bundles, wherever either will do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leanlung.exports.bundle import Bundle, load_bundle
from leanlung.exports.config import ENSEMBLE, ONNX, read_config
from leanlung.exports.ensemble import EnsembleBundle, load_ensemble

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from leanlung.exports.seen import Seen

Model = Bundle | EnsembleBundle


def load_model(folder: Path) -> Model:
    """Load a bundle, an ensemble or an ONNX file with its config, whichever the folder holds.

    Raises:
        BundleError: If it is none of these, incomplete, damaged, or from a newer version.
        UsageError: If it is an ONNX file and ONNX Runtime is missing.
    """
    kind = read_config(folder).get("kind")
    if kind == ENSEMBLE:
        return load_ensemble(folder)
    if kind == ONNX:
        from leanlung.exports.onnx_folder import load_onnx  # needs ONNX Runtime

        return load_onnx(folder)
    return load_bundle(folder)


def networks_of(model: Model) -> tuple[Bundle, ...]:
    """Give the bundles that answer: the members of an ensemble, or the bundle itself."""
    if isinstance(model, EnsembleBundle):
        return tuple(model.members.values())
    return (model,)


def seen_by(model: Model) -> Seen | None:
    """Give the images that an ensemble was put together on; a bundle does not tell its own."""
    return model.seen if isinstance(model, EnsembleBundle) else None


def combined(model: Model, answers: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Make one answer of what the networks of a model say.

    Args:
        model: Of M networks.
        answers: M of shape (studies, classes), each in the order of its network's classes.

    Returns:
        Shape (studies, classes), in the order of the model's classes.
    """
    if not isinstance(model, EnsembleBundle):
        return answers[0]
    ordered = [
        found[:, [member.classes.index(name) for name in model.classes]]
        for member, found in zip(model.members.values(), answers, strict=True)
    ]
    return model.combiner.combine(np.stack(ordered))
