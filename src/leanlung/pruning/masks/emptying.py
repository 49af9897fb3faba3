"""Emptying: units that a mask has left nothing of become a removal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from leanlung.pruning.removal import Removal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from leanlung.pruning.graph import ChannelGraph

    Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class EmptyUnits:
    """Units without weights.

    Attributes:
        removal: Those that can leave without changing an answer.
        constant: Places of those whose filters are zero but which are still read as a number
            other than zero, by layer name; they are not in the removal.
    """

    removal: Removal
    constant: Mapping[str, tuple[int, ...]]


def empty_units(
    network: nn.Module, graph: ChannelGraph, batches: Iterable[Tensor]
) -> EmptyUnits:
    """Find units that weights held at zero have left without effect.

    A unit goes for one of two reasons:

    * Nobody reads it: all weights that read it are zero. That is exact, whatever it is.
    * Its filters are zero in every layer that writes it, *and* zero is what arrives wherever it
      is read. A zero filter gives its bias, the same for every image and at every place.
      BatchNorm turns that into another constant, ``(bias - mean) / deviation * scale +
      shift``, and only if the activation behind makes 0 of it (a ReLU does so of whatever is
      not positive) does nothing arrive. What arrives is not derived but looked at, for all
      the images given, as further operations may lie in between.

    Removal is then exact in evaluation mode, and for the weights as they are: with BatchNorm in
    training mode the constant is its ``shift`` alone, so that a unit that is silent now may
    speak after more training, and the other way round. Where the map of another channel is
    added onto all channels (no network here does so) the images given decide, not a proof.

    Units that are read as another constant stay and are named: `remove_constants` moves those
    into the biases of their readers, where that is exact.

    Removing units may leave others without effect; look again until nothing is found.

    Args:
        network: With zeros in it; not changed. It is run in evaluation mode.
        graph: Of this network.
        batches: Some images, standardised as in training, (N, C, H, W).

    Returns:
        The removal, in which every layer keeps a unit (a layer of which nothing would be left
        is spared), and what could not go.
    """
    silent = _silent(network, graph, batches)
    unread = ~_with_weight(network, graph, axis=1)
    empty = ~_with_weight(network, graph, axis=0)
    gone = unread | (empty & silent)
    units, spared, constant = {}, [], {}
    for layer in graph.layers:
        (places,) = np.nonzero(gone[layer.units])
        if len(places) == len(layer):
            spared.append(layer.name)
            places = places[1:]
        if len(places):
            units[layer.name] = tuple(places.tolist())
        (speaking,) = np.nonzero(empty[layer.units] & ~gone[layer.units])
        if len(speaking):
            constant[layer.name] = tuple(speaking.tolist())
    return EmptyUnits(Removal(units, tuple(spared)), constant)


def _with_weight(network: nn.Module, graph: ChannelGraph, axis: int) -> Flags:
    """Say of every unit whether a weight that writes (axis 0) or reads it (axis 1) is not 0."""
    found = np.zeros(graph.units, dtype=bool)
    weights = dict(network.named_parameters(remove_duplicate=False))
    for name, channels in graph.channels.items():
        if channels.inputs is None:
            continue  # normalisation and depthwise convolutions hand units on
        units = channels.outputs if axis == 0 else channels.inputs
        used = (weights[f"{name}.weight"].detach().movedim(axis, 0).flatten(1) != 0).any(dim=1)
        found[units[used.cpu().numpy()]] = True
    return found


def _silent(network: nn.Module, graph: ChannelGraph, batches: Iterable[Tensor]) -> Flags:
    """Say of every unit whether nothing but zero arrives wherever it is read."""
    silent = np.ones(graph.units, dtype=bool)

    def look(read: NDArray[np.int64], layer: nn.Module, given: tuple[Tensor]) -> None:
        axis = -1 if isinstance(layer, nn.Linear) else 1
        heard = (given[0].movedim(axis, 0).flatten(1) != 0).any(dim=1)
        silent[read[heard.cpu().numpy()]] = False

    layers = dict(network.named_modules())
    handles = []
    for name, channels in graph.channels.items():
        if channels.inputs is None:
            continue
        read = np.tile(channels.inputs, channels.groups)
        handles.append(layers[name].register_forward_pre_hook(partial(look, read)))
    was_training = network.training
    try:
        network.eval()
        with torch.no_grad():
            for images in batches:
                network(images)
    finally:
        network.train(was_training)
        for handle in handles:
            handle.remove()
    return silent
