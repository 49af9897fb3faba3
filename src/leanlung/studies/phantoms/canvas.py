"""The canvas: square, drawn on in coordinates of the unit square, whatever its size."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from leanlung.studies.phantoms.curves import Points

    Lines = Points | Sequence[Points]  # shape (lines, points, 2)
    Canvas = NDArray[np.uint8]
    Layer = NDArray[np.float32]

_SHIFT = 4  # OpenCV takes coordinates in sixteenths of a pixel


def filled(size: int, outlines: Lines, brightness: int = 255) -> Canvas:
    """Fill outlines, with smooth edges.

    Args:
        size: Side of the canvas in pixels.
        outlines: Closed, in the unit square.
        brightness: Inside, up to 255.

    Returns:
        Shape (size, size), 0 outside.
    """
    canvas = np.zeros((size, size), np.uint8)
    for outline in _pixels(outlines, size):
        cv2.fillPoly(canvas, [outline], brightness, cv2.LINE_AA, _SHIFT)
    return canvas


def stroked(size: int, lines: Lines, *strokes: tuple[float, int]) -> Canvas:
    """Draw lines, each stroke over the one before.

    Args:
        size: Side of the canvas in pixels.
        lines: Open, in the unit square.
        strokes: Width as a share of the side, and brightness up to 255; a narrow dark stroke
            on a wide bright one makes a tube.

    Returns:
        Shape (size, size).
    """
    canvas = np.zeros((size, size), np.uint8)
    paths = list(_pixels(lines, size))
    for width, brightness in strokes:
        thickness = max(1, round(width * size))
        cv2.polylines(canvas, paths, False, brightness, thickness, cv2.LINE_8, _SHIFT)
    return canvas


def soft(canvas: Canvas, share: float) -> Canvas:
    """Blur a canvas.

    Args:
        canvas: From 0 to 255.
        share: Reach of the blur as a share of the side.

    Returns:
        The same shape, from 0 to 255.
    """
    reach = max(1, round(share * len(canvas))) | 1
    blurred: Canvas = cv2.blur(cv2.blur(canvas, (reach, reach)), (reach, reach))
    return blurred


def share_of(canvas: Canvas) -> Layer:
    """Give a canvas as numbers from 0 to 1."""
    layer: Layer = canvas * np.float32(1 / 255)
    return layer


def enlarged(layer: Layer, size: int) -> Layer:
    """Stretch a smooth layer over a larger canvas.

    Args:
        layer: Square, of fewer pixels.
        size: Side of the canvas in pixels.

    Returns:
        Shape (size, size).
    """
    larger: Layer = cv2.resize(layer, (size, size), interpolation=cv2.INTER_CUBIC)
    return larger


def texture(generator: np.random.Generator, cells: int, size: int) -> Layer:
    """Make smooth random patches.

    Args:
        generator: Gives ``cells`` squared numbers, whatever the size.
        cells: How many patches fit along a side.
        size: Side of the canvas in pixels.

    Returns:
        Shape (size, size), about standard normal.
    """
    return enlarged(generator.standard_normal((cells, cells), np.float32), size)


@lru_cache(maxsize=8)
def height(size: int) -> Layer:
    """Give the y of every pixel, shape (size, 1), 0 at the top and 1 at the bottom."""
    centres: Layer = np.linspace(0.5 / size, 1 - 0.5 / size, size, dtype=np.float32)
    return centres[:, None]


def _pixels(lines: Lines, size: int) -> NDArray[np.int32]:
    points = np.asarray(lines, np.float32) * size - np.float32(0.5)
    pixels: NDArray[np.int32] = np.rint(points * (1 << _SHIFT)).astype(np.int32)
    return pixels
