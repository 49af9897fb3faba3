"""The ledger: who reads, writes and hands on which atoms, noted while a network is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from collections.abc import Sequence

Atoms = NDArray[np.int64]
"""Atom of every channel of a tensor, in channel order."""


@dataclass
class Entry:
    """What the ledger knows of one layer.

    Attributes:
        outputs: Atom of every output channel.
        inputs: Atom of every place along the second axis of its weight; None where the layer
            hands its channels on one by one (normalisation, depthwise convolution).
        hands_on: Atom of every input channel of a depthwise convolution.
        groups: Of a grouped convolution, otherwise 1.
        writes: Whether its outputs begin here, rather than being handed on.
    """

    outputs: Atoms
    inputs: Atoms | None = None
    hands_on: Atoms | None = None
    groups: int = 1
    writes: bool = False


@dataclass
class Ledger:
    """Atoms given out so far, and everything noted about them.

    Attributes:
        atoms: How many there are.
        entries: By layer name, in the order of first use.
        sites: Atoms of every place where units fire, by the program's node name.
        notes: What could not be followed, one sentence each.
    """

    atoms: int = 0
    entries: dict[str, Entry] = field(default_factory=dict)
    sites: dict[str, Atoms] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _ties: list[tuple[Atoms, Atoms]] = field(default_factory=list)
    _frozen: list[Atoms] = field(default_factory=list)

    def new(self, count: int) -> Atoms:
        """Give fresh atoms."""
        self.atoms += count
        return np.arange(self.atoms - count, self.atoms)

    def tie(self, first: Atoms, second: Atoms) -> None:
        """Say that channels can only leave together, pair by pair."""
        self._ties.append((first, second))

    def freeze(self, atoms: Atoms) -> None:
        """Say that channels can never leave."""
        self._frozen.append(atoms)

    def enter(self, layer: str, entry: Entry) -> Entry:
        """Note a layer; one that is used twice must have the same channels both times."""
        known = self.entries.setdefault(layer, entry)
        if known is not entry:
            for name in ("outputs", "inputs", "hands_on"):
                if getattr(known, name) is not None:
                    self.tie(getattr(known, name), getattr(entry, name))
        return known

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
        return unit_of.astype(np.int64), frozen


def _joined(parts: Sequence[Atoms]) -> Atoms:
    return np.concatenate([np.empty(0, dtype=np.int64), *parts])
