"""Constants: what layers read that is the same for every image, at every place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, fx, nn

from leanlung.foundations.errors import SurgeryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from leanlung.pruning.graph import ChannelGraph


@dataclass(frozen=True)
class Constants:
    """What every reading layer was given, over all images and places.

    Attributes:
        low: Smallest value at each input of a layer, (inputs,), float64, by layer name.
        high: Largest value there.
        images: How many images were looked at.
    """

    low: Mapping[str, Tensor]
    high: Mapping[str, Tensor]
    images: int

    def varies(self, layer: str) -> Tensor:
        """Say which inputs of a layer are not the same everywhere, (inputs,)."""
        return self.low[layer] != self.high[layer]


def read_constants(
    network: nn.Module, graph: ChannelGraph, batches: Iterable[Tensor]
) -> Constants:
    """Watch what each layer reads, in one pass.

    A unit is judged by what is read of it, not by what it writes: behind an activation, a
    pooling or a concatenation. Smallest and largest value are kept for each input, so the order
    and the size of batches change nothing, and a value that differs in its last bit varies.

    Args:
        network: Not changed; it is run in evaluation mode without gradients.
        graph: Of this network.
        batches: Standardised as in training, (N, C, H, W).

    Raises:
        SurgeryError: If there is no image, or a layer reads a value that is not a number.

    Source: García-Ramírez et al. 2023, section 3.3, who ask whether the variance of a unit
        over images and places is zero; smallest against largest asks it without rounding.
    """
    readers = {name for name, found in graph.channels.items() if found.inputs is not None}
    watching = _Watching(network, graph.program, readers)
    was_training = network.training
    images = 0
    try:
        network.eval()
        with torch.no_grad():
            for batch in batches:
                watching.run(batch)
                images += len(batch)
    finally:
        network.train(was_training)
    if not images:
        msg = "no images to find constant units on; give at least one batch"
        raise SurgeryError(msg)
    return Constants(watching.low, watching.high, images)


class _Watching(fx.Interpreter):
    """Runs the program and keeps the extremes of what layers read."""

    def __init__(self, network: nn.Module, program: fx.Graph, readers: set[str]) -> None:
        super().__init__(network, graph=program)
        self.low: dict[str, Tensor] = {}
        self.high: dict[str, Tensor] = {}
        self._readers = readers

    def call_module(self, target: Any, args: Any, kwargs: Any) -> Any:  # noqa: ANN401 - torch's
        if target in self._readers:
            self._note(str(target), next(iter((*args, *kwargs.values()))))
        return super().call_module(target, args, kwargs)

    def _note(self, layer: str, read: Tensor) -> None:
        linear = isinstance(self.submodules[layer], nn.Linear)
        axes = [axis for axis in range(read.ndim) if axis != (read.ndim - 1 if linear else 1)]
        low, high = (extreme.double().cpu() for extreme in (read.amin(axes), read.amax(axes)))
        if torch.isnan(low).any():
            place = int(torch.isnan(low).nonzero()[0])
            msg = (
                f"layer {layer!r} reads NaN at input {place}; does the network give NaN for "
                "some image?"
            )
            raise SurgeryError(msg)
        self.low[layer] = torch.minimum(low, self.low.get(layer, low))
        self.high[layer] = torch.maximum(high, self.high.get(layer, high))
