"""Answers of bundles and ensembles to labelled studies, as predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leanlung.evaluation import probabilities
from leanlung.exports.models import combined, networks_of
from leanlung.runs.bundle_images import decoded_for
from leanlung.statistics import Predictions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch
    from numpy.typing import NDArray

    from leanlung.exports import Model
    from leanlung.studies.study import Study


def answers_of(
    models: Sequence[tuple[str, Model]],
    studies: Sequence[Study],
    device: torch.device,
    look: Callable[[Study, NDArray[np.float32]], None] = lambda *_: None,
) -> tuple[Predictions, ...]:
    """Let models answer studies; each image is read once for all of them.

    Args:
        models: Each with the name to report it under.
        studies: Of their classes.
        device: Where networks run.
        look: As for `decoded`.

    Returns:
        Predictions of each model, over all its classes.

    Raises:
        StudyError: If a file cannot be read.
        PixelError: If an image cannot be prepared.
    """
    networks = [network for _, model in models for network in networks_of(model)]
    answers = iter(
        [
            probabilities(
                network.answering, images, network.statistics, network.spec.channels, device
            )
            for network, images in zip(
                networks, decoded_for(networks, studies, look), strict=True
            )
        ]
    )
    return tuple(
        _predictions(name, model, studies, [next(answers) for _ in networks_of(model)])
        for name, model in models
    )


def _predictions(
    name: str, model: Model, studies: Sequence[Study], answers: list[NDArray[np.float64]]
) -> Predictions:
    return Predictions(
        model=name,
        classes=model.classes,
        study_ids=tuple(study.study_id for study in studies),
        patient_ids=tuple(study.patient_id for study in studies),
        labels=np.array([model.classes.index(study.label) for study in studies]),
        probabilities=combined(model, answers),
    )
