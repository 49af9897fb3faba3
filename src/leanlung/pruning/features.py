"""Features: a network without its last layer, cut to the features that somebody reads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning.removal import Removal
from leanlung.pruning.surgery import Surgery, remove

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from leanlung.pruning.graph import ChannelGraph


def keep_features(
    network: nn.Module, graph: ChannelGraph, columns: Sequence[int]
) -> tuple[Surgery, tuple[int, ...]]:
    """Take the last layer out, and with it every unit that it alone read and nobody asked for.

    What the smaller network gives is what the last layer read, less the columns that left. A
    unit that another layer reads too stays, as in networks with shortcuts; so does the first
    unit of a layer that would be left with none. Removing a reader, and what nobody else reads,
    changes no other unit: the features that stay are the same numbers as before.

    Args:
        network: Ends with a linear layer; not changed.
        graph: Of this network.
        columns: Inputs of the last layer that are read, in any order, each once.

    Returns:
        The smaller network with its graph, and where each of the columns is now, in the order
        they were asked for.

    Raises:
        SurgeryError: If the network does not end with a linear layer, or a column does not
            exist, stands twice, or there is none.

    Source: García-Ramírez et al. 2023, algorithm 1: "a compressed model with the selected
        outputs".
    """
    last = _last_layer(network, graph)
    read = graph.channels[last].inputs
    if read is None:  # every linear layer reads
        msg = f"the graph knows no inputs of {last!r}; read it again from this network"
        raise SurgeryError(msg)
    _require_columns(columns, len(read), last)
    leaving = _leaving(graph, last, read, columns)
    dead = np.zeros(graph.units, dtype=bool)
    dead[leaving] = True
    units: dict[str, tuple[int, ...]] = {}
    spared: list[str] = []
    for layer in graph.layers:
        places = np.flatnonzero(dead[layer.units])
        if len(places) and len(places) == len(layer):
            places = places[1:]
            spared.append(layer.name)
        if len(places):
            units[layer.name] = tuple(places.tolist())
    surgery = remove(network, graph, Removal(units, tuple(spared)))
    owner, _, own = last.rpartition(".")
    setattr(surgery.network.get_submodule(owner), own, nn.Identity())
    gone = np.zeros(graph.units, dtype=bool)
    for name, taken in units.items():
        gone[graph.layer(name).units[list(taken)]] = True
    now = np.cumsum(~gone[read]) - 1
    left = replace(
        surgery.graph,
        channels={name: one for name, one in surgery.graph.channels.items() if name != last},
    )
    return replace(surgery, graph=left), tuple(int(now[column]) for column in columns)


def _last_layer(network: nn.Module, graph: ChannelGraph) -> str:
    """Name the linear layer whose answer is the network's."""
    output = next(node for node in graph.program.nodes if node.op == "output")
    found = output.args[0]
    name = str(getattr(found, "target", ""))
    calls = sum(
        node.op == "call_module" and node.target == name for node in graph.program.nodes
    )
    is_linear = calls == 1 and isinstance(dict(network.named_modules()).get(name), nn.Linear)
    if not is_linear:
        msg = (
            f"{type(network).__name__} does not end with a linear layer of its own "
            f"({name or found!r} gives its answer); features can be read in front of such a "
            "layer alone"
        )
        raise SurgeryError(msg)
    return name


def _leaving(
    graph: ChannelGraph, last: str, read: NDArray[np.int64], columns: Sequence[int]
) -> NDArray[np.int64]:
    """Give the units that the last layer alone reads, at no column that is asked for."""
    kept = np.zeros(graph.units, dtype=bool)
    kept[read[list(columns)]] = True
    for name, channels in graph.channels.items():
        if name != last and channels.inputs is not None:
            kept[channels.inputs] = True
    removable = np.zeros(graph.units, dtype=bool)
    for layer in graph.layers:
        removable[layer.units] = True
    return np.unique(read[removable[read] & ~kept[read]])


def _require_columns(columns: Sequence[int], features: int, last: str) -> None:
    wrong = [column for column in columns if not 0 <= column < features]
    if wrong or not columns or len(set(columns)) < len(columns):
        found = f"{wrong[0]} is not there" if wrong else f"{len(columns)} of them, some twice"
        found = found if columns else "none was asked for"
        msg = f"layer {last!r} reads features 0 to {features - 1}; {found}"
        raise SurgeryError(msg)
