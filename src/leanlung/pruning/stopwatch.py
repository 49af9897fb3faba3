"""A stopwatch: how long a network takes for a batch, in torch, on the device it is on."""

from __future__ import annotations

from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn


def median_ms(
    images: Tensor, *, repeats: int = 30, warm_up: int = 5
) -> Callable[[nn.Module], float]:
    """Make a measurement: the median time of a forward pass in milliseconds.

    Args:
        images: The batch to time, on the networks' device.
        repeats: Passes that are timed.
        warm_up: Passes before, that are not.

    Returns:
        A function from a network to milliseconds, in evaluation mode; the network's mode is
        put back.

    Examples:
        >>> target_latency_ms(20.0, median_ms(torch.zeros(1, 3, 224, 224)))
    """

    def measure(network: nn.Module) -> float:
        was_training = network.training
        try:
            network.eval()
            with torch.no_grad():
                for _ in range(warm_up):
                    network(images)
                return median(_timed(network, images) for _ in range(repeats))
        finally:
            network.train(was_training)

    return measure


def _timed(network: nn.Module, images: Tensor) -> float:
    _wait(images.device)
    start = perf_counter()
    network(images)
    _wait(images.device)
    return (perf_counter() - start) * 1000.0


def _wait(device: torch.device) -> None:
    """Let an accelerator finish what it was given."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)
