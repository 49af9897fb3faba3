"""Bounds: what every layer keeps, whatever its units are worth."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

from leanlung.foundations.errors import SurgeryError
from leanlung.foundations.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Align = Literal[1, 4, 8, 16]
ALIGNMENTS: tuple[Align, ...] = (1, 4, 8, 16)


@dataclass(frozen=True)
class Bounds:
    """How narrow layers may become.

    Attributes:
        minimum: Units that every layer keeps.
        align: Widths become multiples of this. A layer loses units only if that leaves it at a
            multiple, and then never more than it was to lose, so that an aligned network is a
            little wider than the unaligned one. A layer that is no wider than ``align`` (or
            ``minimum``, rounded up to a multiple) stays as it is.
        leave_alone: Layers that lose nothing, by name or pattern such as ``features.*``.

    Source: runtimes compute in blocks of 4 to 16 channels. Measured on one CPU thread,
        MobileNet-v1 at half its parameters is no faster than whole, and 1.8 times as fast with
        widths of multiples of 4.
    """

    minimum: int = 1
    align: Align = 1
    leave_alone: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.minimum < 1:
            msg = f"every layer keeps at least one unit; got minimum = {self.minimum}"
            raise SurgeryError(msg)
        if self.align not in ALIGNMENTS:
            msg = f"widths are aligned to one of {list(ALIGNMENTS)}; got align = {self.align}"
            raise SurgeryError(msg)

    @property
    def narrowest(self) -> int:
        """Width below which no layer falls by a removal."""
        return self._multiple(max(self.minimum, self.align))

    def width_after(self, width: int, wanted: int) -> int:
        """Give the width of a layer from which a number of units is to go.

        Args:
            width: Now.
            wanted: How many are to go, at most.
        """
        return min(width, self._multiple(max(width - wanted, self.narrowest)))

    def _multiple(self, width: int) -> int:
        return -(-width // self.align) * self.align


def without_left_alone(names: Iterable[str], leave_alone: Sequence[str]) -> list[str]:
    """Give the layers that may lose something, in their order.

    Args:
        names: All layers there are.
        leave_alone: Names or patterns, as `fnmatch.fnmatchcase` reads them.

    Raises:
        SurgeryError: If a pattern fits no layer, or together they fit all.
    """
    names = list(names)
    for pattern in leave_alone:
        if not any(fnmatchcase(name, pattern) for name in names):
            hint = did_you_mean(pattern, names) or f"; there are {', '.join(names[:8])}"
            msg = (
                f"leave_alone: no layer fits {pattern!r}{hint} (layers that are tied bear the "
                "name of the first)"
            )
            raise SurgeryError(msg)
    left = [name for name in names if not any(fnmatchcase(name, one) for one in leave_alone)]
    if names and not left:
        msg = f"leave_alone = {list(leave_alone)} fits every layer; nothing could be removed"
        raise SurgeryError(msg)
    return left
