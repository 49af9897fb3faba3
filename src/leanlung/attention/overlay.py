"""Overlays: a film with the heat of a map over it and what radiologists drew around."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Colour = NDArray[np.uint8]
    Region = NDArray[np.bool]

SIDE = 256
"""Pixels of a panel's longer side at most."""

_HEAT, _STRIP = 0.55, 18
_BRIGHT_RED = 223
"""Where the colour map is brightest; beyond, it darkens again."""

_LINES = {"lungs": (255, 220, 0), "boxes": (255, 255, 255), "masks": (0, 255, 0)}
"""Blue, green and red of each outline: lungs turquoise, boxes white, lesion masks green."""


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture of a row.

    Attributes:
        title: Written above it, as far as there is room; letters that the font lacks become
            question marks.
        values: (H, W) of the film, in [0, 1]; None shows the film alone.
        film: (H, W): what lies under the map, if that is not the film as it is.
    """

    title: str
    values: NDArray[np.float32] | None = None
    film: NDArray[np.float32] | None = None


def overlay(
    film: NDArray[np.float32],
    panels: Sequence[Panel],
    outlines: Mapping[str, Region],
    columns: int = 0,
) -> bytes:
    """Draw panels side by side, or as a grid, as a PNG file.

    Red is where a map is largest; where it is zero the film is as it was.

    Args:
        film: (H, W), in [0, 1].
        panels: One or more.
        outlines: Of ``lungs``, ``boxes`` and ``masks``, as far as there are any; (H, W).
        columns: Panels in a row; all in one if 0. What is left of the last row is black.

    Returns:
        The file; a panel's longer side has at most `SIDE` pixels.
    """
    drawn = []
    for panel in panels:
        under = film if panel.film is None else panel.film
        picture = painted(under, panel.values, outlines, SIDE)
        drawn.append(_titled(picture, panel.title))
    columns = columns or len(drawn)
    drawn += [np.zeros_like(drawn[0])] * (-len(drawn) % columns)
    rows = [np.hstack(drawn[n : n + columns]) for n in range(0, len(drawn), columns)]
    written = cv2.imencode(".png", np.vstack(rows), [cv2.IMWRITE_PNG_COMPRESSION, 9])[1]
    return bytes(written.tobytes())


def painted(
    film: NDArray[np.float32],
    values: NDArray[np.float32] | None,
    outlines: Mapping[str, Region],
    side: int,
) -> Colour:
    """Paint one picture: a film, the heat of a map and outlines.

    Args:
        film: (H, W), in [0, 1].
        values: Likewise, of the map; None for the film alone.
        outlines: As of `overlay`.
        side: Pixels of the picture's longer side at most.

    Returns:
        (h, w, 3): blue, green, red.
    """
    scale = min(1.0, side / max(film.shape))
    size = (max(1, round(film.shape[1] * scale)), max(1, round(film.shape[0] * scale)))
    grey = np.rint(np.clip(_sized(film, size), 0.0, 1.0) * 255).astype(np.uint8)
    ground = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), dtype=np.uint8)
    picture = ground.copy()
    if values is not None:
        picture = _heated(ground, np.clip(_sized(values, size), 0.0, 1.0))
    for name, region in outlines.items():
        _draw(picture, _sized(region.astype(np.float32), size) >= 0.5, _LINES[name])
    return picture


def _sized(values: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    if (values.shape[1], values.shape[0]) == size:
        return values
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _heated(ground: Colour, values: NDArray[np.float32]) -> Colour:
    steps = np.rint(values * _BRIGHT_RED).astype(np.uint8)
    heat = np.asarray(cv2.applyColorMap(steps, cv2.COLORMAP_JET), dtype=np.float32)
    share = (_HEAT * values)[..., None]
    mixed: Colour = np.rint(ground * (1.0 - share) + heat * share).astype(np.uint8)
    return mixed


def _draw(picture: Colour, region: Region, colour: tuple[int, int, int]) -> None:
    lines, _ = cv2.findContours(
        region.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    cv2.drawContours(picture, lines, -1, colour, thickness=1)


def _titled(picture: Colour, title: str) -> Colour:
    strip = np.zeros((_STRIP, picture.shape[1], 3), dtype=np.uint8)
    plain = title.encode("ascii", "replace").decode("ascii")
    cv2.putText(strip, plain, (3, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1)
    return np.vstack([strip, picture])
