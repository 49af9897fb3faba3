"""The ledger: who reads, writes and hands on which atoms, noted while a network is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from leanlung.pruning.graph.places import in_brackets, place_of
from leanlung.pruning.graph.streams import Atoms, NotFollowedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from leanlung.pruning.graph.streams import Call, Stream


@dataclass
class Entry:
    """What the ledger knows of one layer.

    Attributes:
        outputs: Atom of every output channel.
        inputs: Atom of every place along the second axis of its weight; None where the layer
            hands its channels on one by one (normalisation, depthwise convolution).
        hands_on: Atom of every input channel of a depthwise convolution or of a group
            normalisation.
        groups: Of a grouped convolution, otherwise 1.
        group_size: Channels of a group of a group normalisation, otherwise 1.
        writes: Whether its outputs begin here, rather than being handed on.
    """

    outputs: Atoms
    inputs: Atoms | None = None
    hands_on: Atoms | None = None
    groups: int = 1
    group_size: int = 1
    writes: bool = False


@dataclass
class Ledger:
    """Atoms given out so far, and everything noted about them.

    Attributes:
        atoms: How many there are.
        entries: By layer name, in the order of first use.
        parameters: Axis and atoms of tensors that belong to no layer, by their full name.
        sites: Axis and atoms of every place where units fire, by the program's node name.
        notes: What could not be followed, one sentence each.
    """

    atoms: int = 0
    entries: dict[str, Entry] = field(default_factory=dict)
    parameters: dict[str, tuple[int, Atoms]] = field(default_factory=dict)
    sites: dict[str, tuple[int, Atoms]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _ties: list[tuple[Atoms, Atoms]] = field(default_factory=list)
    _frozen: list[Atoms] = field(default_factory=list)
    _alike: list[tuple[Atoms, Atoms]] = field(default_factory=list)
    _tensors: dict[int, str] = field(default_factory=dict)

    def new(self, count: int) -> Atoms:
        """Give fresh atoms."""
        self.atoms += count
        return np.arange(self.atoms - count, self.atoms)

    def fixed(self, count: int) -> Atoms:
        """Give fresh atoms that can never leave."""
        atoms = self.new(count)
        self.freeze(atoms)
        return atoms

    def along(self, stream: Stream, axis: int) -> Atoms:
        """Give the atoms along an axis.

        Raises:
            NotFollowedError: If the tensor's channels lie along another.
        """
        if stream.axis is None:
            return self.fixed(stream.shape[axis])
        if stream.axis != axis % len(stream.shape):
            msg = "works along another axis than its channels"
            raise NotFollowedError(msg)
        return stream.atoms

    def tie(self, first: Atoms, second: Atoms) -> None:
        """Say that channels can only leave together, pair by pair."""
        self._ties.append((first, second))

    def tie_rows(self, table: Atoms) -> Atoms:
        """Tie the places of a row, (rows, places), and give one atom for each row."""
        for column in table.T[1:]:
            self.tie(table[:, 0], column)
        return table[:, 0]

    def freeze(self, atoms: Atoms) -> None:
        """Say that channels can never leave."""
        self._frozen.append(atoms)

    def note(self, call: Call, reason: str) -> None:
        """Note that channels stay whole at an operation, and why."""
        target = call.node.target
        what, at = getattr(target, "__name__", str(target)), call.node.name
        if call.module is not None:
            what, at = type(call.module).__name__, call.name
        place = in_brackets(place_of(call.node))
        sentence = f"{what} at {at!r} {reason}; its channels stay whole{place}"
        if sentence not in self.notes:
            self.notes.append(sentence)

    def alike(self, first: Atoms, second: Atoms) -> None:
        """Say that of two lists the same share must leave, or else nothing."""
        self._alike.append((first, second))

    def enter(self, name: str, layer: nn.Module, entry: Entry) -> Entry:
        """Note a layer; one that is used twice must have the same channels both times."""
        known = self.entries.setdefault(name, entry)
        if known is not entry:
            self._tie_entries(known, entry)
        for tensor in (*layer.parameters(recurse=False), *layer.buffers(recurse=False)):
            owner = self._tensors.setdefault(id(tensor), name)
            if owner in self.parameters:
                self._share(owner, entry.outputs)
            elif owner != name:  # two layers with one weight
                self._tie_entries(self.entries[owner], entry)
        return known

    def enter_parameter(self, name: str, tensor: Tensor, axis: int) -> Atoms:
        """Note a tensor that the program takes from a module directly; give its atoms."""
        if name not in self.parameters:
            self.parameters[name] = (axis, self.new(tensor.shape[axis]))
        atoms = self.parameters[name][1]
        owner = self._tensors.setdefault(id(tensor), name)
        if owner in self.entries:
            self._share(name, self.entries[owner].outputs)
        elif owner != name:
            self._share(name, self.parameters[owner][1])
        return atoms

    def close(self) -> tuple[Atoms, NDArray[np.bool_]]:
        """Join tied atoms.

        Returns:
            The unit of every atom, and whether each unit is frozen.
        """
        first, second = _joined([a for a, _ in self._ties]), _joined([b for _, b in self._ties])
        ties = coo_matrix(
            (np.ones(len(first)), (first, second)), shape=(self.atoms, self.atoms)
        )
        count, unit_of = connected_components(ties, directed=False)
        frozen = np.zeros(count, dtype=bool)
        frozen[unit_of[_joined(self._frozen)]] = True
        for one, other in self._alike:
            often = np.bincount(unit_of[one], minlength=count) * len(other)
            if not np.array_equal(
                often, np.bincount(unit_of[other], minlength=count) * len(one)
            ):
                frozen[unit_of[_joined([one, other])]] = True
        return unit_of.astype(np.int64), frozen

    def _tie_entries(self, known: Entry, entry: Entry) -> None:
        for axis in ("outputs", "inputs", "hands_on"):
            one, other = getattr(known, axis), getattr(entry, axis)
            if one is not None and other is not None and len(one) == len(other):
                self.tie(one, other)
            else:  # used in two ways: nothing of it can leave
                for atoms in (one, other):
                    if atoms is not None:
                        self.freeze(atoms)

    def _share(self, parameter: str, atoms: Atoms) -> None:
        """A tensor used in two ways stays whole."""
        self.freeze(self.parameters[parameter][1])
        self.freeze(atoms)


def _joined(parts: Sequence[Atoms]) -> Atoms:
    return np.concatenate([np.empty(0, dtype=np.int64), *parts])
