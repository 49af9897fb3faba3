"""Recalibration: BatchNorm's statistics counted anew, as surgery has changed what comes in."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from leanlung.foundations.errors import SurgeryError
from leanlung.networks.memory import out_of_memory
from leanlung.networks.widths import Normalisation
from leanlung.pruning.scores.evaluating import evaluating

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torch import Tensor, nn


def recalibrate(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Set running means and variances to the plain average over some batches.

    Dropout stays off and no weight changes. If it cannot be done, nothing changes.

    Args:
        network: Changed in place: only the statistics of its normalisation layers.
        batches: Training images, standardised, (N, C, H, W); some ten batches are enough.

    Raises:
        SurgeryError: If there is no image, or the network does not run on one.

    Source: Li et al. 2020 (EagleEye): adaptive BatchNorm.
    """
    norms = [
        module
        for module in network.modules()
        if isinstance(module, Normalisation) and module.track_running_stats
    ]
    if not norms:
        return
    with evaluating(network), _restored_if_it_fails(norms), torch.no_grad():
        for module in norms:
            module.reset_running_stats()
            module.momentum = None  # torch's sign for a cumulative average
            module.train()
        number = 0
        for number, batch in enumerate(batches, start=1):
            _run(network, batch, number)
        if not number:
            msg = "no images to count statistics on; give at least one batch"
            raise SurgeryError(msg)


@contextmanager
def _restored_if_it_fails(norms: list[Normalisation]) -> Iterator[None]:
    momenta = [module.momentum for module in norms]
    before = [{name: b.clone() for name, b in module.named_buffers()} for module in norms]
    try:
        yield
    except BaseException:
        for module, buffers in zip(norms, before, strict=True):
            for name, buffer in buffers.items():
                module.get_buffer(name).copy_(buffer)
        raise
    finally:
        for module, momentum in zip(norms, momenta, strict=True):
            module.momentum = momentum


def _run(network: nn.Module, batch: Tensor, number: int) -> None:
    try:
        network(batch)
    except (RuntimeError, ValueError, TypeError) as error:
        if out_of_memory(error):
            raise
        why = str(error).split("\n")[0]
        msg = f"{type(network).__name__} does not run on batch {number} of images: {why}"
        raise SurgeryError(msg) from error
