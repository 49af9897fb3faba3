"""Images needed: how many have to be looked at until units that vary are known to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, fx, nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning.exact.constants import Constants, extremes
from leanlung.pruning.exact.lossless import constant_by_layer, without_constants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from leanlung.pruning.graph import ChannelGraph


@dataclass(frozen=True)
class ImagesNeeded:
    """What is found constant when so many images have been looked at.

    Attributes:
        order: Number of the order they came in.
        images: Looked at.
        constant: Units found constant so far, by layer; those that cannot leave count too.
        parameters: Left once they are removed, as far as they can be.
        measure: Of the network without them; None where nothing was measured.
    """

    order: int
    images: int
    constant: Mapping[str, int]
    parameters: int
    measure: float | None

    @property
    def units(self) -> int:
        """How many are constant, over all layers."""
        return sum(self.constant.values())

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return {**asdict(self), "constant": dict(self.constant), "units": self.units}


def images_needed(
    network: nn.Module,
    graph: ChannelGraph,
    batches: Iterable[Tensor],
    counts: Sequence[int],
    orders: Sequence[Sequence[int]],
    measure: Callable[[nn.Module], float] | None = None,
) -> Iterator[ImagesNeeded]:
    """Say what would be removed if only so many images had been looked at.

    Every image passes once, whatever the number of counts and orders: a unit is constant on the
    first k images of an order as long as none of them differs from the first, so of each unit
    and order it is enough to know the first place at which one does. Only the batches that hold
    the first image of an order pass twice. Memory grows with units and orders, not with images.

    Units that are constant on few images may vary on others: removed with their constants in
    the biases, they change answers there, which the measure shows.

    Args:
        network: Trained; not changed.
        graph: Of this network.
        batches: Standardised training images, (N, C, H, W); gone through twice, alike.
        counts: Of images, ascending, from 1 to all of them.
        orders: Permutations of the images, as places in the batches one after the other.
        measure: Of a smaller network, on validation images; higher is better.

    Yields:
        One for each order and count, order by order.

    Raises:
        SurgeryError: If counts or orders do not fit the images, or what a layer reads does not
            lie image by image or is not a number.

    Source: García-Ramírez et al. 2023, figure 4, an ablation over the number of instances; how
        they drew them is not told. Differs: random orders of the training part, several.
    """
    readers = {name for layer in graph.layers for name in _readers(graph, set(layer.units))}
    watching = _Placing(network, graph.program, readers)
    steps = list(counts)
    was_training = network.training
    images = 0
    try:
        network.eval()
        with torch.no_grad():
            for places, batch in _placed(batches):
                images = places.stop
                if any(order[0] in places for order in orders):
                    watching.note_first(places, batch, orders)
            _require(images, steps, orders)
            watching.note_all(_placed(batches), orders)
    finally:
        network.train(was_training)
    for number in range(len(orders)):
        for count in steps:
            constants = watching.constants(number, count)
            surgery, _ = without_constants(network, graph, constants)
            yield ImagesNeeded(
                number,
                count,
                constant_by_layer(graph, constants),
                sum(parameter.numel() for parameter in surgery.network.parameters()),
                None if measure is None else measure(surgery.network),
            )


def _readers(graph: ChannelGraph, units: set[int]) -> Iterator[str]:
    for name, found in graph.channels.items():
        if found.inputs is not None and not units.isdisjoint(found.inputs.tolist()):
            yield name


def _placed(batches: Iterable[Tensor]) -> Iterator[tuple[range, Tensor]]:
    start = 0
    for batch in batches:
        yield range(start, start + len(batch)), batch
        start += len(batch)


def _require(images: int, counts: list[int], orders: Sequence[Sequence[int]]) -> None:
    if (
        not counts
        or counts != sorted(set(counts))
        or not 1 <= counts[0] <= counts[-1] <= images
    ):
        msg = f"counts of images must be ascending and from 1 to {images}; got {counts}"
        raise SurgeryError(msg)
    for order in orders:
        if sorted(order) != list(range(images)):
            msg = (
                f"an order of {len(order)} places for {images} images; each place once was "
                "expected"
            )
            raise SurgeryError(msg)


class _Placing(fx.Interpreter):
    """Finds the first place in each order at which an input of a layer differs."""

    def __init__(self, network: nn.Module, program: fx.Graph, readers: set[str]) -> None:
        super().__init__(network, graph=program)
        self._readers = readers
        self._found: dict[str, tuple[Tensor, Tensor]] = {}
        # By layer (orders, inputs): what is read of the first image, and where it differs.
        self._first: dict[str, Tensor] = {}
        self._differs: dict[str, Tensor] = {}
        self._size = 0

    def note_first(self, places: range, batch: Tensor, orders: Sequence[Sequence[int]]) -> None:
        """Note what is read of the first image of orders, where it is in this batch."""
        for layer, (low, high) in self._extremes(batch).items():
            if layer not in self._first:
                shape = len(orders), low.shape[1]
                self._first[layer] = low.new_full(shape, torch.nan)
                self._differs[layer] = torch.full(shape, torch.iinfo(torch.int64).max)
            for number, order in enumerate(orders):
                if order[0] in places:
                    at = order[0] - places.start
                    same = low[at] == high[at]
                    # What varies within the first image equals nothing, not even itself.
                    self._first[layer][number] = torch.where(same, low[at], torch.nan)

    def note_all(
        self, batches: Iterator[tuple[range, Tensor]], orders: Sequence[Sequence[int]]
    ) -> None:
        """Let all images pass."""
        never = torch.iinfo(torch.int64).max
        where = [torch.argsort(torch.as_tensor(list(order))) + 1 for order in orders]
        for places, batch in batches:
            for layer, (low, high) in self._extremes(batch).items():
                for number, at in enumerate(where):
                    first = self._first[layer][number]
                    other = ((low != first) | (high != first)).cpu()
                    counted = at[places.start : places.stop, None].where(other, never)
                    known = self._differs[layer][number]
                    self._differs[layer][number] = torch.minimum(known, counted.amin(dim=0))

    def constants(self, number: int, count: int) -> Constants:
        """Give what is known when so many images of an order have been looked at."""
        low = {layer: first[number].double().cpu() for layer, first in self._first.items()}
        high = {
            layer: torch.where(self._differs[layer][number] > count, value, torch.inf)
            for layer, value in low.items()
        }
        return Constants(low, high, count)

    def call_module(self, target: Any, args: Any, kwargs: Any) -> Any:  # noqa: ANN401 - torch's
        if target in self._readers:
            self._note(str(target), next(iter((*args, *kwargs.values()))))
        return super().call_module(target, args, kwargs)

    def _extremes(self, batch: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
        """Run a batch; give smallest and largest value of each image, (N, inputs), by layer."""
        self._found = {}
        self._size = len(batch)
        self.run(batch)
        return self._found

    def _note(self, layer: str, read: Tensor) -> None:
        if len(read) != self._size:
            msg = (
                f"layer {layer!r} reads {tuple(read.shape)} of {self._size} images; one row an "
                "image was expected: how many images it needs cannot be said"
            )
            raise SurgeryError(msg)
        low, high = extremes(read, self.submodules[layer], keep=(0,))
        if low.isnan().any():
            msg = f"layer {layer!r} reads NaN; does the network give NaN for some image?"
            raise SurgeryError(msg)
        if layer in self._found:  # a layer that serves several times
            before = self._found[layer]
            low, high = torch.minimum(low, before[0]), torch.maximum(high, before[1])
        self._found[layer] = low, high
