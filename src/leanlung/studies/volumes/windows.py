"""Windows: which Hounsfield units a picture shows, from black to white."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.foundations.errors import UsageError
from leanlung.foundations.suggestions import did_you_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OWN = re.compile(r"(-?\d+(?:\.\d+)?)[:/](\d+(?:\.\d+)?)")
_WHITE = 255.0


@dataclass(frozen=True)
class Window:
    """A range of Hounsfield units.

    Attributes:
        name: As manifests and flags have it.
        level: Its middle.
        width: From black to white.
    """

    name: str
    level: float
    width: float

    @property
    def low(self) -> float:
        """What is black, as is all below."""
        return self.level - self.width / 2

    @property
    def high(self) -> float:
        """What is white, as is all above."""
        return self.level + self.width / 2


LUNG = Window("lung", -600, 1500)
WINDOWS = {
    "lung": LUNG,
    "mediastinum": Window("mediastinum", 40, 400),
    "covid19_ct": Window("covid19_ct", -500, 1500),
}
"""By name. ``covid19_ct`` is -1250 to 250, in which half of that archive is stored already."""


def window_of(text: str) -> Window:
    """Read a window.

    Args:
        text: One of `WINDOWS`, or ``level:width`` in Hounsfield units.

    Raises:
        UsageError: If it is neither, or has no width.

    Examples:
        >>> window_of("lung").low, window_of("-500:1500").high
        (-1350.0, 250.0)
    """
    if text in WINDOWS:
        return WINDOWS[text]
    own = _OWN.fullmatch(text.strip())
    if own is None or float(own[2]) <= 0:
        msg = (
            f"no window {text!r}; one of {list(WINDOWS)} was expected, or level:width in "
            f"Hounsfield units, such as -600:1500{did_you_mean(text, WINDOWS)}"
        )
        raise UsageError(msg)
    level, width = float(own[1]), float(own[2])
    return Window(f"{level:g}:{width:g}", level, width)


def shown(values: NDArray[np.floating[Any]], window: Window) -> NDArray[np.uint8]:
    """Show Hounsfield units through a window.

    Args:
        values: Any shape.
        window: Below its low end all is 0, above its high end 255; between, values are rounded
            to the nearest of 255 equal steps.
    """
    grey = values.astype(np.float32)
    grey -= np.float32(window.low)
    grey *= np.float32(_WHITE / window.width)
    np.clip(grey, 0.0, _WHITE, out=grey)
    return np.rint(grey, out=grey).astype(np.uint8)
