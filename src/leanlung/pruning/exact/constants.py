"""Constants: what layers read that is the same for every image, at every place."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from leanlung.foundations.errors import SurgeryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from leanlung.pruning.graph import ChannelGraph


@dataclass(frozen=True)
class Constants:
    """What every reading layer was given, over all images and places.

    Attributes:
        low: Smallest value at each input of a layer, (inputs,), float64, by layer name; of an
            input that varies, over the batches until that was seen.
        high: Largest value there, likewise.
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
    What was seen to vary is not looked at again, so that the later batches cost next to nothing
    beyond their forward pass; memory does not grow with the number of images.

    Args:
        network: Not changed; it is run in evaluation mode without gradients.
        graph: Of this network.
        batches: Standardised as in training, (N, C, H, W).

    Raises:
        SurgeryError: If there is no image, or a layer reads a value that is not a number. Where
            all inputs of a layer vary already, that is seen by the answer of the network.

    Source: García-Ramírez et al. 2023, section 3.3, who ask whether the variance of a unit
        over images and places is zero; smallest against largest asks it without rounding.
    """
    readers = {name for name, found in graph.channels.items() if found.inputs is not None}
    watching = _Watching(network, readers)
    was_training = network.training
    images = 0
    try:
        network.eval()
        with torch.no_grad(), watching:
            for batch in batches:
                if _is_nan(network(batch)):
                    watching.name_nan(batch)
                watching.settle()
                images += len(batch)
    finally:
        network.train(was_training)
    if not images:
        msg = "no images to find constant units on; give at least one batch"
        raise SurgeryError(msg)
    return Constants(_exactly(watching.low), _exactly(watching.high), images)


def extremes(read: Tensor, layer: nn.Module, keep: tuple[int, ...] = ()) -> list[Tensor]:
    """Give smallest and largest value at each input of a layer.

    Args:
        read: What the layer is given: (N, C, ...), or (N, ..., C) for a linear one.
        layer: Which.
        keep: Further axes that are not gone over.
    """
    kept = {channel_axis(read, layer), *keep}
    axes = [axis for axis in range(read.ndim) if axis not in kept]
    return [read.amin(axes), read.amax(axes)] if axes else [read, read]


def channel_axis(read: Tensor, layer: nn.Module) -> int:
    """Say along which axis the inputs of a layer lie."""
    return read.ndim - 1 if isinstance(layer, nn.Linear) else 1


class _Watching:
    """Keeps the extremes of what layers read, while its block runs.

    Hooks on the layers, as going through the traced program operation by operation took a
    sixth of MobileNetV2's pass.
    """

    def __init__(self, network: nn.Module, readers: set[str], *, whole: bool = False) -> None:
        self._network = network
        self._whole = whole
        self.low: dict[str, Tensor] = {}
        self.high: dict[str, Tensor] = {}
        self._readers = readers
        # What may still be constant; of a layer that was not run yet, nothing is known.
        self._places: dict[str, Tensor | None] = dict.fromkeys(readers)
        self._hooks = ExitStack()

    def __enter__(self) -> None:
        for layer in self._readers:

            def note(
                module: nn.Module,
                given: tuple[Tensor, ...],
                named: dict[str, Tensor],
                layer: str = layer,
            ) -> None:
                if layer in self._places:
                    self._note(layer, module, next(iter((*given, *named.values()))))

            module = self._network.get_submodule(layer)
            hook = module.register_forward_pre_hook(note, with_kwargs=True)
            self._hooks.callback(hook.remove)

    def __exit__(self, *_: object) -> None:
        self._hooks.close()

    def settle(self) -> None:
        """Let go of what varies, after a batch.

        Raises:
            SurgeryError: If something that was looked at is not a number.
        """
        for layer in [name for name in self.low if name in self._places]:  # as they ran
            low, high = self.low[layer], self.high[layer]
            _require_numbers(layer, low)
            same = (low == high).nonzero().flatten()
            if len(same):
                self._places[layer] = same
            else:
                del self._places[layer]

    def name_nan(self, batch: Tensor) -> None:
        """Look at everything once more, where the answer is not a number.

        Raises:
            SurgeryError: Naming the first layer that reads something that is not a number, if
                one does.
        """
        again = _Watching(self._network, self._readers, whole=True)
        with again:
            self._network(batch)
        again.settle()

    def _note(self, layer: str, module: nn.Module, read: Tensor) -> None:
        axis = channel_axis(read, module)
        if layer not in self.low:
            # Most units vary within a single image; the others are gone over for what is left.
            first = read if self._whole else read[:1]
            low, high = extremes(first, module)
            self.low[layer], self.high[layer] = low.clone(), high.clone()
            self._places[layer] = (low == high).nonzero().flatten()
            read = read[len(first) :]
        places = self._places[layer]
        if places is None or not len(places) or not len(read):
            return
        few = 2 * len(places) < read.shape[axis]
        if few:  # a copy of these costs less than going over all
            read = read.index_select(axis, places)
        low, high = extremes(read, module)
        if not few:
            low, high = low[places], high[places]
        self.low[layer][places] = torch.minimum(self.low[layer][places], low)
        self.high[layer][places] = torch.maximum(self.high[layer][places], high)


def _exactly(found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {layer: values.double().cpu() for layer, values in found.items()}


def _require_numbers(layer: str, low: Tensor) -> None:
    if torch.isnan(low).any():
        place = int(torch.isnan(low).nonzero()[0])
        msg = (
            f"layer {layer!r} reads NaN at input {place}; does the network give NaN for "
            "some image?"
        )
        raise SurgeryError(msg)


def _is_nan(answer: Any) -> bool:  # noqa: ANN401 - whatever a network gives
    if isinstance(answer, Tensor):
        return bool(answer.isnan().any())
    parts = answer.values() if isinstance(answer, dict) else answer
    return isinstance(answer, (dict, list, tuple)) and any(map(_is_nan, parts))
