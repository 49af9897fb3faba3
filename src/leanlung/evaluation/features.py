"""Features: what a picture looks like, in 1,280 plain numbers.

Nothing is learnt here. If so little is enough to tell a class, a network will find it too.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PIXELS, CELLS, DIRECTIONS, TILES, GREYS = 24, 8, 9, 4, 8

COUNT = PIXELS**2 + CELLS**2 * DIRECTIONS + TILES**2 * GREYS
"""How many features a picture has."""

ABOUT = (
    f"{PIXELS} x {PIXELS} averaged pixels, directions of edges in {CELLS} x {CELLS} cells, "
    f"grey histograms in {TILES} x {TILES} tiles: {COUNT} numbers"
)


def features_of(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Describe a picture.

    Args:
        picture: Shape (side, side), values in [0, 1]; the side is a multiple of 8.

    Returns:
        Shape (`COUNT`,): 24 x 24 averaged pixels; for each of 8 x 8 cells a histogram of the
        directions of its edges in 9 bins over half a turn, weighted by their strength, its
        length limited to one; for each of 4 x 4 tiles the shares of its pixels in 8 equal
        ranges of grey.

    Source: the histograms of directions are those of Dalal & Triggs 2005 (CVPR) with single
        cells for blocks.
    """
    small: NDArray[np.float32] = cv2.resize(
        picture, (PIXELS, PIXELS), interpolation=cv2.INTER_AREA
    )
    return np.concatenate([small.ravel(), _directions(picture), _greys(picture)])


def _directions(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    # The plain difference of the neighbours on both sides, halved.
    across = cv2.Sobel(picture, cv2.CV_32F, 1, 0, ksize=1, scale=0.5)
    down = cv2.Sobel(picture, cv2.CV_32F, 0, 1, ksize=1, scale=0.5)
    strength, turn = cv2.cartToPolar(across, down)  # from 0 to a whole turn
    direction = (turn * np.float32(2 * DIRECTIONS / (2 * np.pi))).astype(np.int32) % DIRECTIONS
    place = _cell_numbers(len(picture), CELLS) * DIRECTIONS + direction
    counted = np.bincount(
        place.ravel(), weights=strength.ravel(), minlength=CELLS**2 * DIRECTIONS
    ).reshape(CELLS**2, DIRECTIONS)
    length = np.linalg.norm(counted, axis=1, keepdims=True)
    # A cell of faint edges keeps its faintness; noise is not blown up.
    return np.asarray((counted / (length + 1.0)).ravel(), dtype=np.float32)


def _greys(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    grey = np.clip((picture * GREYS).astype(np.int32), 0, GREYS - 1)
    place = _cell_numbers(len(picture), TILES) * GREYS + grey
    counted = np.bincount(place.ravel(), minlength=TILES**2 * GREYS)
    return (counted * (TILES**2 / picture.size)).astype(np.float32)


@cache
def _cell_numbers(side: int, cells: int) -> NDArray[np.int32]:
    place = (np.arange(side) * cells // side).astype(np.int32)
    return place[:, None] * cells + place[None, :]
