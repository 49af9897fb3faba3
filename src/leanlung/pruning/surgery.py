"""Surgery: remove units from a network, and carry the optimiser's state along."""

from __future__ import annotations

import copy
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from leanlung.foundations.errors import SurgeryError
from leanlung.networks.widths import set_width
from leanlung.pruning.copying import copied_network

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch.optim import Optimizer

    from leanlung.pruning.graph import ChannelGraph, LayerChannels, ParameterChannels
    from leanlung.pruning.removal import Removal

_AT_ONCE = 2**18
"""Numbers cut at a time, about what a processor's cache holds: new memory is slow at first."""

Places = tuple[Tensor | None, ...]
"""What stays along the first axes of a tensor; None is everything."""


@dataclass(frozen=True)
class Surgery:
    """A smaller network and how it came about.

    Attributes:
        network: New; the network before shares no tensor with it that was cut.
        graph: Of the new network.
        places: What stayed of every tensor that was cut, by parameter or buffer name.
    """

    network: nn.Module
    graph: ChannelGraph
    places: Mapping[str, Places]


def remove(network: nn.Module, graph: ChannelGraph, removal: Removal) -> Surgery:
    """Remove units: their weights leave every layer that writes, hands on or reads them.

    The smaller network gives what the whole one gives with those units' outgoing weights set
    to zero. Parameters keep ``requires_grad`` and their device; hooks and the mode stay.

    Args:
        network: Not changed.
        graph: Of this network.
        removal: Which units leave.

    Returns:
        The smaller network with its graph.

    Raises:
        SurgeryError: If a layer or a place in it does not exist, a layer would be left without
            units, or the graph is another network's.
    """
    dead = _dead_units(graph, removal)
    smaller = graph.without(dead)
    layers = dict(network.named_modules())
    places: dict[str, Places] = {}
    ready: dict[int, object] = {}
    for name, channels in graph.channels.items():
        if smaller.channels[name].width == channels.width:
            continue
        if name not in layers:
            msg = f"the graph has a layer {name!r} that this network has not; read it again"
            raise SurgeryError(msg)
        _cut(layers[name], name, channels, dead, places, ready)
    for name, alone in graph.parameters.items():
        if len(smaller.parameters[name].units) != len(alone.units):
            _cut_parameter(network, name, alone, dead, places, ready)
    network = copied_network(network, ready)  # nothing is copied only to be cut
    for name, found in smaller.channels.items():
        if found.width != graph.channels[name].width:
            set_width(network.get_submodule(name), found.width)
    return Surgery(network, smaller, places)


def carry(optimiser: Optimizer, before: nn.Module, surgery: Surgery) -> Optimizer:
    """Make an optimiser for the smaller network that remembers what the old one knew.

    Momentum, Adam's moments and whatever else has a parameter's shape are cut as it was cut;
    counters are kept.

    Args:
        optimiser: Of the network before; not changed.
        before: The network before.
        surgery: What `remove` gave for it.

    Returns:
        The same kind of optimiser, with the same groups and settings.

    Raises:
        SurgeryError: If the optimiser holds a parameter that is not the network's.
    """
    names = {id(parameter): name for name, parameter in before.named_parameters()}
    after = dict(surgery.network.named_parameters())
    held = [id(parameter) for group in optimiser.param_groups for parameter in group["params"]]
    if strangers := sum(parameter not in names for parameter in held):
        msg = (
            f"{strangers} of the {len(held)} parameters this optimiser holds are not the "
            "network's; carry the optimiser that trained this very network"
        )
        raise SurgeryError(msg)
    groups = [
        {**group, "params": [after[names[id(parameter)]] for parameter in group["params"]]}
        for group in optimiser.param_groups
    ]
    accepted = inspect.signature(type(optimiser)).parameters
    settings = {key: value for key, value in optimiser.defaults.items() if key in accepted}
    carried = type(optimiser)(groups, **settings)
    for parameter, state in optimiser.state.items():
        name = names[id(parameter)]
        carried.state[after[name]] = {
            key: _kept(value.detach(), surgery.places.get(name, (None, None))).clone()
            if isinstance(value, Tensor) and value.shape == parameter.shape
            else copy.deepcopy(value)
            for key, value in state.items()
        }
    return carried


def _dead_units(graph: ChannelGraph, removal: Removal) -> NDArray[np.bool_]:
    dead = np.zeros(graph.units, dtype=bool)
    for name, places in removal.units.items():
        layer = graph.layer(name)
        if places and not 0 <= min(places) <= max(places) < len(layer):
            msg = f"layer {name!r} has units 0 to {len(layer) - 1}; {max(places)} is not there"
            raise SurgeryError(msg)
        dead[layer.units[list(places)]] = True
    for name, channels in graph.channels.items():
        for axis in (channels.outputs, channels.inputs):
            if axis is not None and dead[axis].all():
                msg = f"layer {name!r} would be left without units; keep at least one"
                raise SurgeryError(msg)
    return dead


def _cut(
    layer: nn.Module,
    name: str,
    channels: LayerChannels,
    dead: NDArray[np.bool_],
    places: dict[str, Places],
    ready: dict[int, object],
) -> None:
    stay = _staying(channels.outputs, dead)
    read = None if channels.inputs is None else _staying(channels.inputs, dead)
    tensors = (*layer.named_parameters(recurse=False), *layer.named_buffers(recurse=False))
    for own, tensor in tensors:
        if tensor.ndim == 0:
            continue  # BatchNorm's step counter
        if len(tensor) != len(channels.outputs):
            msg = (
                f"tensor {own!r} of layer {name!r} has {len(tensor)} rows; its graph knows "
                f"{len(channels.outputs)} units: read the graph again from this network"
            )
            raise SurgeryError(msg)
        kept: Places = (stay, read if tensor.ndim > 1 else None)
        if kept == (None, None):
            continue  # a bias behind a layer whose inputs alone are cut
        places[f"{name}.{own}"] = kept
        ready[id(tensor)] = _smaller(tensor, kept)


def _cut_parameter(
    network: nn.Module,
    name: str,
    found: ParameterChannels,
    dead: NDArray[np.bool_],
    places: dict[str, Places],
    ready: dict[int, object],
) -> None:
    """Cut a tensor that belongs to no layer."""
    owner, _, own = name.rpartition(".")
    tensor = getattr(network.get_submodule(owner), own)
    if tensor.shape[found.axis] != len(found.units):
        msg = (
            f"tensor {name!r} has {tensor.shape[found.axis]} places; its graph knows "
            f"{len(found.units)} units: read the graph again from this network"
        )
        raise SurgeryError(msg)
    places[name] = (*[None] * found.axis, _staying(found.units, dead))
    ready[id(tensor)] = _smaller(tensor, places[name])


def _smaller(tensor: Tensor, kept: Places) -> Tensor:
    cut = _kept(tensor.detach(), kept)
    if isinstance(tensor, nn.Parameter):
        return nn.Parameter(cut, requires_grad=tensor.requires_grad)
    return cut


def _staying(units: NDArray[np.int64], dead: NDArray[np.bool_]) -> Tensor | None:
    stays = np.flatnonzero(~dead[units])
    return None if len(stays) == len(units) else torch.from_numpy(stays)


def _kept(tensor: Tensor, places: Places) -> Tensor:
    places = tuple(None if stay is None else stay.to(tensor.device) for stay in places)
    match places:
        case (Tensor() as rows, Tensor() as columns) if tensor.numel() > _AT_ONCE:
            return _kept_in_parts(tensor, rows, columns)
    for axis, stay in enumerate(places):
        if stay is not None:
            tensor = tensor.index_select(axis, stay)
    return tensor


def _kept_in_parts(tensor: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Cut both axes, some rows at a time: what lies between the two cuts stays small."""
    kept = tensor.new_empty((len(rows), len(columns), *tensor.shape[2:]))
    at_once = max(1, _AT_ONCE // tensor[0].numel())
    for some, place in zip(rows.split(at_once), kept.split(at_once), strict=True):
        torch.index_select(tensor.index_select(0, some), 1, columns, out=place)
    return kept
