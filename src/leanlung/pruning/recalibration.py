"""Recalibration: BatchNorm's statistics counted anew, as surgery has changed what comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from leanlung.networks.widths import Normalisation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor, nn


def recalibrate(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Set running means and variances to the plain average over some batches.

    Dropout stays off and no weight changes.

    Args:
        network: Changed in place: only the statistics of its normalisation layers.
        batches: Training images, standardised, (N, C, H, W); some ten batches are enough.

    Source: Li et al. 2020 (EagleEye), section 3.3: adaptive BatchNorm.
    """
    norms = [
        module
        for module in network.modules()
        if isinstance(module, Normalisation) and module.track_running_stats
    ]
    if not norms:
        return
    momenta = [module.momentum for module in norms]
    was_training = network.training
    try:
        network.eval()
        for module in norms:
            module.reset_running_stats()
            module.momentum = None  # torch's sign for a cumulative average
            module.train()
        with torch.no_grad():
            for batch in batches:
                network(batch)
    finally:
        network.train(was_training)
        for module, momentum in zip(norms, momenta, strict=True):
            module.momentum = momentum
