"""Lossless: constant units leave, as long as no answer changes by more than a tolerance."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from leanlung.pruning.bounds import without_left_alone
from leanlung.pruning.exact.certificate import Certificate, answers_of, largest_change
from leanlung.pruning.exact.constants import read_constants
from leanlung.pruning.exact.folding import fold, room_for_constants
from leanlung.pruning.removal import Removal
from leanlung.pruning.surgery import Surgery, remove

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from leanlung.pruning.exact.constants import Constants
    from leanlung.pruning.graph import ChannelGraph

Kind = Literal["zero", "folded", "approximated"]
Chosen = dict[str, dict[int, Kind]]
"""Place of every unit that may leave, and how, by layer."""

PRECISIONS = (torch.float32, torch.float64)
"""The quicker one first: what changes too much there need not be measured again."""


@dataclass(frozen=True)
class ExactRemoval:
    """A smaller network that answers alike, and the proof.

    Attributes:
        surgery: The smaller network with its graph.
        removal: What left.
        certificate: Why, and what it changed.
    """

    surgery: Surgery
    removal: Removal
    certificate: Certificate


def remove_constants(
    network: nn.Module,
    graph: ChannelGraph,
    batches: Iterable[Tensor],
    *,
    tolerance: float | None = 1e-5,
    leave_alone: Sequence[str] = (),
) -> ExactRemoval:
    """Remove every unit that is the same for all images and places, wherever it is read.

    A unit that is read as zero leaves as it is. Another constant goes into its readers' biases
    (or the running mean of the BatchNorm behind), which is exact where nothing is padded with
    zeros; where something is, it leaves only if no answer changes by more than the tolerance,
    tried for all layers together and then for each on its own. One unit of each layer stays.

    The smaller network is exact in evaluation mode; trained on, its BatchNorms count anew.

    Args:
        network: Trained; not changed.
        graph: Of this network.
        batches: Standardised training images, (N, C, H, W), on the network's device; gone
            through several times, so a list or a loader.
        tolerance: Largest relative change of a logit, in single and in double precision; None
            removes all constants and only measures.
        leave_alone: Layers whose constant units are kept, by name or pattern.

    Returns:
        The smaller network with its certificate. Nothing to remove gives an equal network.

    Raises:
        SurgeryError: If there is no image, something read or answered is not a number, or what
            is left alone fits no layer, or all.

    Source: García-Ramírez et al. 2023, section 3.3. Differs: they remove units whose output
        never varies without folding what these gave to the next layer, and so change answers;
        here nothing changes, or it is known by how much.
    """
    free = set(without_left_alone(graph.originals, leave_alone))
    constants = read_constants(network, graph, batches)
    found = _constant_units(network, graph, constants)
    found = {layer: places for layer, places in found.items() if layer in free}
    whole = {dtype: answers_of(network, batches, dtype) for dtype in PRECISIONS}

    def attempt(chosen: Chosen) -> _Trial:
        surgery, removal = _carried_out(network, graph, constants, chosen)
        changes = dict.fromkeys(PRECISIONS, 0.0)
        # Nothing left, nothing changed: that need not be measured.
        for dtype, before in whole.items() if removal else ():
            changes[dtype] = largest_change(before, answers_of(surgery.network, batches, dtype))
            if tolerance is not None and changes[dtype] > tolerance:
                break
        return _Trial(chosen, surgery, removal, changes)

    trial = attempt({})
    for kinds in (("zero", "folded"), ("approximated",)):
        trial = _best(attempt, trial, _only(found, kinds), tolerance)
    left = [kind for places in trial.chosen.values() for kind in places.values()]
    certificate = Certificate(
        images=constants.images,
        tolerance=tolerance,
        units=sum(len(layer) for layer in graph.layers),
        zero=left.count("zero"),
        folded=left.count("folded"),
        approximated=left.count("approximated"),
        kept=_constant_count(graph, constants) - len(left),
        largest_change_float32=trial.changes[torch.float32],
        largest_change_float64=trial.changes[torch.float64],
    )
    return ExactRemoval(trial.surgery, trial.removal, certificate)


def without_constants(
    network: nn.Module, graph: ChannelGraph, constants: Constants
) -> tuple[Surgery, Removal]:
    """Remove every unit that is constant, as `remove_constants` does without a tolerance.

    Nothing is measured. Units behind padding go too, with their constants in the biases, and
    one unit of each layer stays.

    Args:
        network: Trained; not changed.
        graph: Of this network.
        constants: What its layers read.
    """
    return _carried_out(network, graph, constants, _constant_units(network, graph, constants))


def constant_by_layer(graph: ChannelGraph, constants: Constants) -> dict[str, int]:
    """Count the units of each layer that are the same wherever they are read."""
    varying = _varying(graph, constants)
    return {layer.name: int((~varying[layer.units]).sum()) for layer in graph.layers}


@dataclass(frozen=True)
class _Trial:
    """A removal tried out, with the largest change in each precision.

    Where the first is beyond the tolerance, the second was not measured.
    """

    chosen: Chosen
    surgery: Surgery
    removal: Removal
    changes: Mapping[torch.dtype, float]

    def within(self, tolerance: float | None) -> bool:
        return tolerance is None or max(self.changes.values()) <= tolerance


def _best(
    attempt: Callable[[Chosen], _Trial],
    trial: _Trial,
    wanted: Chosen,
    tolerance: float | None,
) -> _Trial:
    """Add what may leave to what already does: all of it, or what can go layer by layer."""
    if not wanted:
        return trial
    together = attempt(_merged(trial.chosen, wanted))
    if together.within(tolerance):
        return together
    for layer, places in wanted.items():
        more = attempt(_merged(trial.chosen, {layer: places}))
        trial = more if more.within(tolerance) else trial
    return trial


def _carried_out(
    network: nn.Module, graph: ChannelGraph, constants: Constants, chosen: Chosen
) -> tuple[Surgery, Removal]:
    removal = Removal({layer: tuple(sorted(places)) for layer, places in chosen.items()})
    dead = np.zeros(graph.units, dtype=bool)
    for layer, places in removal.units.items():
        dead[graph.layer(layer).units[list(places)]] = True
    values = {
        reader: torch.where(torch.from_numpy(dead[units]), constants.low[reader], 0.0)
        for reader, units in _units_read(graph, constants).items()
    }
    folded = copy.deepcopy(network)
    fold(folded, graph.program, values)
    return remove(folded, graph, removal), removal


def _constant_units(network: nn.Module, graph: ChannelGraph, constants: Constants) -> Chosen:
    """Sort the units that never vary by how they can leave; one of each layer stays."""
    varying, zero, rooms = _verdicts(network, graph, constants)
    found: Chosen = {}
    for layer in graph.layers:
        places: dict[int, Kind] = {}
        for place, unit in enumerate(layer.units.tolist()):
            if varying[unit] or rooms[unit] == 0:
                continue
            places[place] = (
                "zero" if zero[unit] else "folded" if rooms[unit] == _EXACT else "approximated"
            )
        if len(places) == len(layer):
            del places[0]
        if places:
            found[layer.name] = places
    return found


_ROOM = {"none": 0, "borders": 1, "exact": 2}
_EXACT = _ROOM["exact"]


def _verdicts(
    network: nn.Module, graph: ChannelGraph, constants: Constants
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
    """Say of every unit whether it varies, is zero throughout, and what room readers have."""
    varying = np.zeros(graph.units, dtype=bool)
    zero = np.ones(graph.units, dtype=bool)
    rooms = np.full(graph.units, _EXACT)
    for reader, units in _units_read(graph, constants).items():
        np.logical_or.at(varying, units, constants.varies(reader).numpy())
        nothing = (constants.low[reader] == 0).numpy()
        np.logical_and.at(zero, units, nothing)
        # A reader that reads nothing needs no room.
        room = _ROOM[room_for_constants(network, graph.program, reader)]
        np.minimum.at(rooms, units, np.where(nothing, _EXACT, room))
    return varying, zero, rooms


def _units_read(graph: ChannelGraph, constants: Constants) -> Mapping[str, NDArray[np.int64]]:
    """Give the unit at every input of every reader; all groups of a convolution are listed."""
    return {
        name: np.tile(found.inputs, found.groups)
        for name, found in graph.channels.items()
        if found.inputs is not None and name in constants.low
    }


def _constant_count(graph: ChannelGraph, constants: Constants) -> int:
    return sum(constant_by_layer(graph, constants).values())


def _varying(graph: ChannelGraph, constants: Constants) -> NDArray[np.bool_]:
    varying = np.zeros(graph.units, dtype=bool)
    for reader, units in _units_read(graph, constants).items():
        np.logical_or.at(varying, units, constants.varies(reader).numpy())
    return varying


def _only(found: Chosen, kinds: tuple[Kind, ...]) -> Chosen:
    chosen = {
        layer: {place: kind for place, kind in places.items() if kind in kinds}
        for layer, places in found.items()
    }
    return {layer: places for layer, places in chosen.items() if places}


def _merged(first: Chosen, second: Chosen) -> Chosen:
    return {
        layer: {**first.get(layer, {}), **second.get(layer, {})}
        for layer in {**first, **second}
    }
