"""Draw the strip of a volume: slices, where a network looked, lungs, and a bar under each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from leanlung.attention import (
    AttentionMap,
    Layer,
    Tile,
    combine,
    find_layer,
    grad_cam,
    on_film,
    seen_box,
    strip,
)
from leanlung.ensembles import Weighted
from leanlung.exports import EnsembleBundle
from leanlung.exports.models import networks_of
from leanlung.foundations.errors import NetworkError
from leanlung.pixels import standardise, unit_range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from leanlung.exports import Bundle, Model
    from leanlung.runs.volume_answers import Batch

METHOD = "grad-cam"


@dataclass
class Strip:
    """Draws slices as they are answered.

    Attributes:
        model: Who answers them.
        of_class: Whose probability the bars are, and what the networks are asked about.
        device: Where networks run.
        why_not: Why no map is drawn; empty if there are maps.
    """

    model: Model
    of_class: str
    device: torch.device
    why_not: str = ""
    _tiles: list[Tile] = field(default_factory=list)
    _layers: dict[int, Layer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find out whether there is anything to follow back."""
        self.why_not = next(filter(None, map(_blind, networks_of(self.model))), "")

    def look(self, batch: Batch) -> None:
        """Draw some slices."""
        maps = self._maps(batch)
        column = self.model.classes.index(self.of_class)
        for place, one in enumerate(batch.slices):
            share = float(batch.probabilities[place, column])
            values = None if maps is None else maps[place].values
            title = f"z={one.index:03d}  {share:.2f}"
            self._tiles.append(Tile.of(title, share, one.image, values, {"lungs": one.lungs}))

    def png(self, threshold: float | None = None) -> bytes:
        """Give the picture of all slices that were looked at.

        Args:
            threshold: A tick on every bar; None for none.

        Raises:
            UsageError: If there were none.
        """
        tick = "" if threshold is None else f"; tick: threshold {threshold:.2f}"
        heat = "" if self.why_not else f"; heat: {METHOD}"
        return strip(self._tiles, f"bar: {self.of_class}{tick}{heat}", threshold)

    def _maps(self, batch: Batch) -> list[AttentionMap] | None:
        """Ask every network about the class; None where that cannot be."""
        if self.why_not:
            return None
        try:
            every = [
                self._of_network(number, network, batch)
                for number, network in enumerate(networks_of(self.model))
            ]
        except NetworkError as error:
            self.why_not = str(error)
            return None
        weights = _weights(self.model, len(every))
        return [combine(each, weights) for each in zip(*every, strict=True)]

    def _of_network(self, number: int, network: Bundle, batch: Batch) -> list[AttentionMap]:
        plain = network.answering.to(self.device)
        grey = torch.from_numpy(batch.ready[number])[:, None].to(self.device)
        images = standardise(unit_range(grey), network.statistics, network.spec.channels)
        if number not in self._layers:
            self._layers[number] = find_layer(plain, images)
        wanted = [network.classes.index(self.of_class)] * len(images)
        cam = grad_cam(plain, images, wanted, layer=self._layers[number], method=METHOD)
        found = []
        for one, values, crop in zip(
            batch.slices, cam.values, batch.crops[number], strict=True
        ):
            shape = one.image.shape[0], one.image.shape[1]
            seen = seen_box(shape, network.pixels, crop)
            attention = AttentionMap(one.study_id, self.of_class, values, METHOD, cam.layer)
            found.append(on_film(attention, shape, seen))
        return found


def _blind(network: Bundle) -> str:
    """Say why a network has no gradient; nothing if it has one."""
    if network.classifier is not None:
        return (
            f"{network.name} answers by a {network.classifier.kind} on its network's features, "
            "which has no gradient"
        )
    if next(network.network.parameters(), None) is None:
        return f"{network.name} is an ONNX file, which has no gradients here"
    return ""


def _weights(model: Model, members: int) -> Sequence[float]:
    if isinstance(model, EnsembleBundle) and isinstance(model.combiner, Weighted):
        return model.combiner.weights
    weights: NDArray[np.float64] = np.full(members, 1.0 / members)
    return tuple(weights.tolist())
