"""The penultimate layer: what the last linear layer of a network reads, for many images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from leanlung.foundations.errors import NetworkError
from leanlung.networks.devices import exact_float32
from leanlung.networks.outputs import last_layer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from torch import Tensor, nn


def penultimate(network: nn.Module, batches: Iterable[Tensor]) -> NDArray[np.float32]:
    """Read the features of images, in one pass.

    Args:
        network: Whose logits come from one linear layer. It is asked in evaluation mode, on
            the device it is on; its mode is put back.
        batches: Standardised images, (n, channels, size, size), as the network reads them.

    Returns:
        (N, F), images in the order given: what the last linear layer reads. Memory is that of
        this matrix and one batch.

    Raises:
        NetworkError: If the network does not end with a linear layer, or there is no image.
    """
    name = last_layer(network)
    last = network.get_submodule(name)
    weight = next(network.parameters())
    heard: list[tuple[Tensor, Tensor]] = []

    def hear(_: nn.Module, given: tuple[Any, ...], answer: Tensor) -> None:
        heard.append((given[0], answer))

    handle = last.register_forward_hook(hear)
    was_training = network.training
    rows = []
    try:
        network.eval()
        with torch.no_grad(), exact_float32():
            for batch in batches:
                heard.clear()
                logits = network(batch.to(weight.device))
                rows.append(_features(name, heard, logits))
    finally:
        handle.remove()
        network.train(was_training)
    if not rows:
        msg = "no images were given to read features of; give at least one batch"
        raise NetworkError(msg)
    return np.concatenate(rows)


def _features(
    name: str, heard: list[tuple[Tensor, Tensor]], logits: object
) -> NDArray[np.float32]:
    """Take what the layer read, if what it gave is what the network gave."""
    if len(heard) == 1 and isinstance(logits, torch.Tensor):
        given, answer = heard[0]
        if given.ndim == 2 and answer.shape == logits.shape and torch.equal(answer, logits):
            return np.array(given.float().cpu().numpy())  # a copy: nobody else writes into it
    told = "once for all images" if len(heard) == 1 else f"{len(heard)} times"
    msg = (
        f"the logits do not come from the linear layer {name!r}, which was asked {told}; a "
        "network is expected that ends with one linear layer of (images, features)"
    )
    raise NetworkError(msg)
