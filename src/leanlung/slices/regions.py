"""Regions of a slice: both lungs, each lung, or the front and the back of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

Crop = Literal["none", "lungs", "left-right", "quadrants"]
CROPS: tuple[Crop, ...] = ("none", "lungs", "left-right", "quadrants")

_VALLEY = 0.5
"""Of the fullest column: what the emptiest one between two touching lungs has at most."""

_CRUMB = 0.02
"""Of the whole mask: pieces below go with the side they lie on and decide nothing."""


@dataclass(frozen=True, eq=False)
class Region:
    """A part of a slice that becomes a picture.

    Attributes:
        name: Blank for the whole; ``right``, ``left``; ``right-front``, ``right-back`` …
        lung: Its lung pixels, (rows, columns) of the slice; None if no mask is known.
    """

    name: str
    lung: Mask | None


def regions(lung: Mask | None, crop: Crop) -> list[Region]:
    """Part a slice.

    Args:
        lung: (rows, columns), upright: the patient's right is at the picture's left. Not needed
            for ``none``.
        crop: Into what.

    Returns:
        The regions, right before left, front before back; those without lung pixels too, as
        they have to be counted. Front is above the middle row of that lung in this slice.
    """
    if crop in {"none", "lungs"} or lung is None:
        return [Region("", lung)]
    right, left = sides(lung)
    both = [Region("right", right), Region("left", left)]
    if crop == "left-right":
        return both
    return [
        Region(f"{one.name}-{what}", part)
        for one in both
        if one.lung is not None
        for what, part in zip(("front", "back"), _halves(one.lung), strict=True)
    ]


def sides(lung: Mask) -> tuple[Mask, Mask]:
    """Tell the right lung from the left one.

    Pieces belong to the side of the valley they lie on: the emptiest column of the middle third
    of all lung. Where a single piece fills that valley it is one lung, of the half of the
    picture it lies in.

    Args:
        lung: (rows, columns), upright.

    Returns:
        The patient's right lung, at the picture's left, and the left one.
    """
    nothing = np.zeros_like(lung)
    columns = lung.sum(axis=0)
    if not columns.any():
        return nothing, nothing.copy()
    valley, filled = _valley(columns)
    across = np.arange(lung.shape[1]) < valley
    if not filled:
        return lung & across, lung & ~across
    count, pieces, facts, centres = cv2.connectedComponentsWithStats(lung.astype(np.uint8))
    areas = facts[1:, cv2.CC_STAT_AREA]
    large = [place for place, area in enumerate(areas, start=1) if area >= _CRUMB * areas.sum()]
    if len(large) == 1:
        if filled > _VALLEY * columns.max():
            whole = centres[large[0]][0] < lung.shape[1] / 2
            return (lung, nothing) if whole else (nothing, lung)
        return lung & across, lung & ~across
    to_right = np.zeros(count, np.bool_)
    to_right[1:] = centres[1:, 0] < valley
    right: Mask = to_right[pieces] & lung
    return right, lung & ~right


def _valley(columns: NDArray[np.integer]) -> tuple[float, int]:
    """Give the emptiest column between the lungs, and how many pixels it has."""
    filled = np.flatnonzero(columns)
    first, last = int(filled[0]), int(filled[-1]) + 1
    third = (last - first) // 3
    middle = columns[first + third : last - third]
    low = int(middle.min())
    emptiest = np.flatnonzero(middle == low)
    # Of several the one in their midst.
    return first + third + float(emptiest[len(emptiest) // 2]) + 0.5, low


def _halves(lung: Mask) -> tuple[Mask, Mask]:
    rows = np.flatnonzero(lung.any(axis=1))
    if not len(rows):
        return lung, lung.copy()
    front = lung.copy()
    front[(rows[0] + rows[-1] + 1) // 2 :] = False
    return front, lung & ~front
