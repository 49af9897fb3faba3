"""The channel graph as a value: units, the layers they live in, and where they fire."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from leanlung.foundations.errors import SurgeryError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.networks.spec import Width

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import fx

Units = NDArray[np.int64]
"""Unit of every channel; the same number wherever the same unit appears."""


@dataclass(frozen=True)
class UnitLayer:
    """Units that are written by the same layers, and so compete for the same places.

    Attributes:
        name: Of the first layer that writes them.
        writers: All layers that write them: one, or those that an addition joins.
        units: The units still there.
        kept: Their places in the original layer, ascending.
        original: How many there were before anything was removed.
    """

    name: str
    writers: tuple[str, ...]
    units: Units
    kept: tuple[int, ...]
    original: int

    def __len__(self) -> int:
        return len(self.units)


@dataclass(frozen=True)
class LayerChannels:
    """The units along a layer's axes.

    Attributes:
        outputs: Unit of every output channel.
        inputs: Unit of every place along the weight's second axis; None where there is none.
        hands_on: Unit of every input channel of a depthwise convolution or of a group
            normalisation.
        groups: Of a grouped convolution, otherwise 1.
        group_size: Channels of a group of a group normalisation, otherwise 1.
    """

    outputs: Units
    inputs: Units | None
    hands_on: Units | None
    groups: int
    group_size: int = 1

    @property
    def width(self) -> Width:
        """The width these channels make."""
        if self.hands_on is not None:
            groups = len(self.hands_on) // self.group_size
            return Width(len(self.hands_on), len(self.outputs), groups)
        if self.inputs is None:
            return Width(len(self.outputs), len(self.outputs), 1)
        return Width(len(self.inputs) * self.groups, len(self.outputs), self.groups)

    def without(self, dead: NDArray[np.bool_]) -> LayerChannels:
        """Give the channels that stay when units leave."""

        def alive(units: Units | None) -> Units | None:
            return None if units is None else units[~dead[units]]

        return LayerChannels(
            self.outputs[~dead[self.outputs]],
            alive(self.inputs),
            alive(self.hands_on),
            self.groups,
            self.group_size,
        )


@dataclass(frozen=True)
class ParameterChannels:
    """The units of a tensor that belongs to no layer, such as the scale of a ConvNeXt block.

    Attributes:
        axis: The only axis of the tensor with more than one place.
        units: Unit of every place along it.
    """

    axis: int
    units: Units


@dataclass(frozen=True)
class Site:
    """A place where units fire.

    Attributes:
        axis: Of the activation, along which its channels lie: the second, or the last behind
            a linear layer.
        units: Unit of every place along it.
    """

    axis: int
    units: Units


@dataclass(frozen=True)
class ChannelGraph:
    """Which channels can only leave together.

    It holds names and numbers, no weights, and outlives the network it was read from: after
    a removal the same program describes the smaller network.

    Attributes:
        program: The network as torch.fx traced it.
        layers: Units that can be removed, by the layers that write them, in running order.
        channels: The units along every layer's axes, by layer name.
        parameters: The units of tensors that belong to no layer, by their full name.
        sites: Places where units fire, by program node name.
        notes: Operations that could not be followed; what they touch stays whole.
        units: How many units there ever were.
    """

    program: fx.Graph
    layers: tuple[UnitLayer, ...]
    channels: Mapping[str, LayerChannels]
    parameters: Mapping[str, ParameterChannels]
    sites: Mapping[str, Site]
    notes: tuple[str, ...]
    units: int

    @property
    def originals(self) -> dict[str, int]:
        """How many units each layer had before anything was removed."""
        return {layer.name: layer.original for layer in self.layers}

    @property
    def kept(self) -> dict[str, tuple[int, ...]]:
        """Which of its original units each layer still has; the lineage of a pruned network."""
        return {layer.name: layer.kept for layer in self.layers}

    def layer(self, name: str) -> UnitLayer:
        """Look a layer of units up.

        Raises:
            SurgeryError: If there is none of that name.
        """
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise SurgeryError(self._why_not(name))

    def _why_not(self, name: str) -> str:
        """Say why there are no removable units by that name."""
        tied = [layer.name for layer in self.layers if name in layer.writers]
        if tied:
            return (
                f"layer {name!r} is tied to others: the name of what they write together is "
                f"{' or '.join(map(repr, tied))}"
            )
        if name in self.channels:
            handed = self.channels[name].outputs
            owners = [one.name for one in self.layers if np.isin(one.units, handed).any()]
            if owners:
                return (
                    f"layer {name!r} writes no units of its own; it hands on those of "
                    f"{', '.join(owners)}"
                )
            return f"the outputs of {name!r} stay whole: no unit of it can be removed"
        names = [layer.name for layer in self.layers]
        hint = did_you_mean(name, names) or f"; there are {', '.join(names[:8])}"
        return f"no layer {name!r} whose units can be removed{hint}"

    def without(self, dead: NDArray[np.bool_]) -> ChannelGraph:
        """Give the graph of the network that is left when units leave.

        Args:
            dead: Whether each unit leaves, (units,).
        """
        layers = []
        for layer in self.layers:
            stays = ~dead[layer.units]
            kept = tuple(np.asarray(layer.kept)[stays].tolist())
            layers.append(replace(layer, units=layer.units[stays], kept=kept))
        return replace(
            self,
            layers=tuple(layers),
            channels={name: found.without(dead) for name, found in self.channels.items()},
            parameters={
                name: replace(found, units=found.units[~dead[found.units]])
                for name, found in self.parameters.items()
            },
            sites={
                name: replace(found, units=found.units[~dead[found.units]])
                for name, found in self.sites.items()
            },
        )

    def with_lineage(
        self, originals: Mapping[str, int], kept: Mapping[str, tuple[int, ...]]
    ) -> ChannelGraph:
        """Remember the original places of units, for a graph read from a pruned network.

        Raises:
            SurgeryError: If the lineage is another network's.
        """
        layers = []
        for layer in self.layers:
            if len(kept.get(layer.name, ())) != len(layer):
                msg = (
                    f"layer {layer.name!r} has {len(layer)} units; its lineage tells of "
                    f"{len(kept.get(layer.name, ()))}: it belongs to another network"
                )
                raise SurgeryError(msg)
            known = tuple(kept[layer.name])
            layers.append(replace(layer, kept=known, original=originals[layer.name]))
        return replace(self, layers=tuple(layers))
