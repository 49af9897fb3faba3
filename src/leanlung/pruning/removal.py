"""A removal: which units leave which layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Removal:
    """Units that leave, by layer.

    Attributes:
        units: Places among the units a layer has now, ascending, by layer name; layers that
            lose nothing are not listed.
        spared: Layers that would have lost their last units and kept them.
    """

    units: Mapping[str, tuple[int, ...]]
    spared: tuple[str, ...] = ()

    def __len__(self) -> int:
        return sum(len(places) for places in self.units.values())

    def __str__(self) -> str:
        """Say how much leaves, and what was kept that would have been the last."""
        layers = sum(bool(places) for places in self.units.values())
        told = "no unit leaves"
        if self:
            units = "1 unit leaves" if len(self) == 1 else f"{len(self):,} units leave"
            told = f"{units} {layers} layer{'s' * (layers != 1)}"
        if self.spared:
            whose = "its" if len(self.spared) == 1 else "their"
            names = ", ".join(map(repr, self.spared))
            told += f"; {names} would have lost {whose} last units and kept them"
        return told
