"""Predict: a network and images in, probabilities out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch

from leanlung.networks.devices import exact_float32
from leanlung.networks.memory import Portions
from leanlung.pixels import standardise, unit_range

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from leanlung.pixels import ImageSet, PixelStatistics

BATCH = 64
"""Fixed, so that the last bits of a probability do not depend on anyone's settings."""


def probabilities(
    network: nn.Module,
    images: ImageSet,
    statistics: PixelStatistics,
    channels: int,
    device: torch.device,
) -> NDArray[np.float64]:
    """Predict class probabilities.

    Where memory is too short for a batch, it is predicted in halves, or in halves of these;
    images do not meet in evaluation mode, so that a row stays what it is but for its last bits.

    Args:
        network: Put on the device in evaluation mode; its mode is put back. On a CPU its
            kernels are laid out channels last, as for training, which answers sooner.
        images: What to predict.
        statistics: Of the training part, to standardise by.
        channels: Of the network's input.
        device: Where to run, in float32 that is never rounded to TF32.

    Returns:
        (N, classes); the softmax is taken in float64, so that rows sum to one.

    Raises:
        NetworkError: If memory is too short for a single image.
    """
    network.to(device)
    if device.type == "cpu":
        network.to(memory_format=torch.channels_last)
    was_training = network.training
    portions, rows = Portions(BATCH), []

    def answers(places: Tensor, parts: list[int]) -> list[NDArray[np.float64]]:
        found = []
        for some in places.split(parts):
            batch = unit_range(images.take(some).to(device))
            logits = network(standardise(batch, statistics, channels))
            found.append(logits.double().softmax(dim=1).cpu().numpy())
        return found

    try:
        network.eval()
        with torch.no_grad(), exact_float32():
            for places in torch.arange(len(images)).split(BATCH):
                rows += portions.do(len(places), partial(answers, places))
    finally:
        network.train(was_training)
    return np.concatenate(rows)
