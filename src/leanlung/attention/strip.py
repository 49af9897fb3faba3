"""A strip: the slices of a volume in reading order, a bar of a probability under each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from leanlung.attention.overlay import painted
from leanlung.foundations.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Colour = NDArray[np.uint8]

SIDE = 160
"""Pixels of a slice's longer side at most."""

BAR = 10
"""Height of the bar, in pixels."""

FILLED, EMPTY, TICK = (0, 140, 255), (60, 60, 60), (255, 255, 255)
"""Blue, green and red of the bar (orange), of what is left of it, and of the threshold."""

_MOST_COLUMNS, _NARROWEST, _TITLE, _GAP = 10, 96, 16, 4
_FONT, _LETTERS = cv2.FONT_HERSHEY_SIMPLEX, 0.36


@dataclass(frozen=True, eq=False)
class Tile:
    """One slice as it stands in the strip: already small, so that many can be held.

    Attributes:
        title: Above it.
        picture: (h, w, 3): blue, green, red.
        share: Length of its bar, in [0, 1].
    """

    title: str
    picture: Colour
    share: float

    @classmethod
    def of(
        cls,
        title: str,
        share: float,
        film: NDArray[np.float32],
        values: NDArray[np.float32] | None = None,
        outlines: Mapping[str, NDArray[np.bool_]] | None = None,
    ) -> Tile:
        """Paint a slice.

        Args:
            title: Above it.
            share: In [0, 1].
            film: (H, W), in [0, 1].
            values: Of a map, likewise; None without one.
            outlines: As of `overlay`.
        """
        return cls(title, painted(film, values, outlines or {}, SIDE), share)


def strip(tiles: Sequence[Tile], caption: str, threshold: float | None = None) -> bytes:
    """Draw tiles row by row, as a PNG file.

    Args:
        tiles: One or more, in reading order; of one size.
        caption: Above all, as far as there is room; letters that the font lacks become
            question marks.
        threshold: A tick on every bar; None for none.

    Raises:
        UsageError: If there is no tile.
    """
    if not tiles:
        msg = "a strip of no slices; one at least was expected"
        raise UsageError(msg)
    drawn = [_drawn(tile, threshold) for tile in tiles]
    columns = min(_MOST_COLUMNS, math.ceil(math.sqrt(1.6 * len(drawn))))
    drawn += [np.zeros_like(drawn[0])] * (-len(drawn) % columns)
    rows = [np.hstack(drawn[n : n + columns]) for n in range(0, len(drawn), columns)]
    whole = np.vstack(rows)
    head = np.zeros((_TITLE + _GAP, whole.shape[1], 3), dtype=np.uint8)
    _write(head, caption)
    picture = np.vstack([head, whole])
    written = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1]
    return bytes(written.tobytes())


def _drawn(tile: Tile, threshold: float | None) -> Colour:
    """Put title, slice and bar one above the other, with a gap to the right and below."""
    high, wide = tile.picture.shape[:2]
    across = max(wide, _NARROWEST)  # the title has to fit
    whole = np.zeros((_TITLE + high + BAR + _GAP, across + _GAP, 3), dtype=np.uint8)
    _write(whole[:_TITLE, :across], tile.title)
    left = (across - wide) // 2
    whole[_TITLE : _TITLE + high, left : left + wide] = tile.picture
    bar = whole[_TITLE + high : _TITLE + high + BAR, :across]
    bar[:] = EMPTY
    bar[:, : round(min(max(tile.share, 0.0), 1.0) * across)] = FILLED
    if threshold is not None:
        place = min(round(threshold * across), across - 1)
        bar[:, place : place + 1] = TICK
    return whole


def _write(room: Colour, text: str) -> None:
    plain = text.encode("ascii", "replace").decode("ascii")
    line = np.zeros((room.shape[0], room.shape[1], 3), dtype=np.uint8)
    cv2.putText(line, plain, (2, 12), _FONT, _LETTERS, (255, 255, 255), 1, cv2.LINE_AA)
    room[:] = line
