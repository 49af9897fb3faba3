"""Raw films of JSRT: pixels without any header, so name and size tell them.

Source: Shiraishi et al. 2000 (AJR 174:71-74): 2048 x 2048 pixels, 12 bits in two bytes, the
higher first, the optical density inverted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray  # noqa: TC002 - the type of a public function

from leanlung.foundations.errors import StudyError

SIDE = 2048
_WHITE = 4095
_BYTES = 2 * SIDE * SIDE


def is_raw(name: str) -> bool:
    """Tell by its name whether a file may be such a film.

    Examples:
        >>> is_raw("JPCLN001.IMG"), is_raw("film.png")
        (True, False)
    """
    return name.lower().endswith(".img")


def read(data: bytes) -> NDArray[np.float32]:
    """Decode a raw film.

    Args:
        data: The whole file.

    Returns:
        Shape (2048, 2048), values in [0, 1], 0 black, air dark and bone bright.

    Raises:
        StudyError: If it has another size, or values above 12 bits.
    """
    if len(data) != _BYTES:
        msg = (
            f"a raw film of {len(data)} bytes; {_BYTES} ({SIDE} x {SIDE} pixels of two bytes) "
            "were expected, as JSRT has them"
        )
        raise StudyError(msg)
    pixels = np.frombuffer(data, ">u2").reshape(SIDE, SIDE)
    if (highest := int(pixels.max())) > _WHITE:
        msg = (
            f"a raw film with values up to {highest}; 12 bits, {_WHITE} at most, were expected"
        )
        raise StudyError(msg)
    grey: NDArray[np.float32] = 1 - pixels.astype(np.float32) / np.float32(_WHITE)
    return grey
