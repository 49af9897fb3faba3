"""Cuts: which units go, given what they are worth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning.removal import Removal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leanlung.pruning.schedules import Schedule
    from leanlung.pruning.scores import UnitScores

Scope = Literal["layer", "network"]

_ROUNDING = 1e-9
"""Forgives the last bits of a product such as 0.02 * 5 * 100."""


@dataclass(frozen=True)
class LowestShare:
    """The units with the lowest scores go, as many as the schedule says.

    ``scope = "layer"`` ranks within each layer. After round k a layer has lost the whole
    number nearest to its share (a half rounds up) of its original width, so that narrow
    layers lose units too and nothing drifts over many rounds.

    ``scope = "network"`` ranks all layers together. Every round takes
    ``floor(share of the round * original units)``: 104 of VGG-16's 5,248 at 2 %.

    Equal scores go in running order of the layers, then by place.

    Attributes:
        scope: Where units compete.
        schedule: Share gone after each round.
        minimum: Units that every layer keeps.

    Source: Rajaraman et al. 2020, section II-E, ranks "in each convolutional layer"; their
        released code ranks over the network.
    """

    scope: Scope
    schedule: Schedule
    minimum: int = 1

    def __post_init__(self) -> None:
        if self.minimum < 1:
            msg = f"every layer keeps at least one unit; got minimum = {self.minimum}"
            raise SurgeryError(msg)

    def __call__(
        self, scores: UnitScores, round_: int, originals: Mapping[str, int]
    ) -> Removal:
        """Choose the units that go in a round.

        Args:
            scores: Of the units still there.
            round_: From 1.
            originals: How many units each layer had before round 1.

        Returns:
            The removal; empty if the schedule has nothing to take this round.
        """
        if self.scope == "layer":
            return self._by_layer(scores, self.schedule(round_), originals)
        step = self.schedule(round_) - self.schedule(round_ - 1)
        wanted = math.floor(step * sum(originals.values()) + _ROUNDING)
        return self._over_network(scores, wanted)

    def _by_layer(
        self, scores: UnitScores, gone: float, originals: Mapping[str, int]
    ) -> Removal:
        units, spared = {}, []
        for layer, values in scores.by_layer.items():
            target = math.floor(gone * originals[layer] + 0.5 + _ROUNDING)
            wanted = target - (originals[layer] - len(values))
            allowed = max(len(values) - self.minimum, 0)
            if wanted > allowed:
                spared.append(layer)
            if (take := min(wanted, allowed)) > 0:
                lowest = torch.argsort(values, stable=True)[:take]
                units[layer] = tuple(sorted(lowest.tolist()))
        return Removal(units, tuple(spared))

    def _over_network(self, scores: UnitScores, wanted: int) -> Removal:
        layers = list(scores.by_layer)
        left = {layer: len(values) - self.minimum for layer, values in scores.by_layer.items()}
        flat = [
            (layer, place) for layer in layers for place in range(len(scores.by_layer[layer]))
        ]
        values = torch.cat([scores.by_layer[layer] for layer in layers])
        units: dict[str, list[int]] = {}
        spared: dict[str, None] = {}
        for index in torch.argsort(values, stable=True).tolist():
            if wanted == 0:
                break
            layer, place = flat[index]
            if left[layer] <= 0:
                spared[layer] = None
                continue
            left[layer] -= 1
            wanted -= 1
            units.setdefault(layer, []).append(place)
        chosen = {layer: tuple(sorted(units[layer])) for layer in layers if layer in units}
        return Removal(chosen, tuple(spared))
