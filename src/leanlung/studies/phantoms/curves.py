"""Curves in the unit square: x runs right, y runs down, shape (points, 2)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    Points = NDArray[np.floating[Any]]

MIDLINE = 0.5

_BETWEEN = 6
_STEPS = 10


def mirrored(points: Points) -> Points:
    """Reflect points at the midline: the left side of a body from its right, or back."""
    reflected: Points = points * (-1, 1) + (2 * MIDLINE, 0)
    return reflected


def both_sides(left: Points) -> Points:
    """Stack a curve and its mirror image.

    Args:
        left: Shape (..., points, 2).

    Returns:
        Shape (2, ..., points, 2).
    """
    return np.stack([left, mirrored(left)])


def rounded(corners: Points) -> Points:
    """Round off a polygon: a closed Catmull-Rom curve through its corners.

    Args:
        corners: Shape (corners, 2).

    Returns:
        Six points for every corner.
    """
    smooth: Points = _spline(len(corners)) @ corners
    return smooth


def oval(x: float, y: float, half_width: float, half_height: float) -> Points:
    """Give an upright ellipse as 24 points."""
    turn = np.linspace(0.0, 2 * np.pi, 24, endpoint=False)
    return np.stack([x + half_width * np.cos(turn), y + half_height * np.sin(turn)], axis=-1)


def wandering(
    generator: np.random.Generator, start: Points, heading: Points, length: Points
) -> Points:
    """Draw lines that bend at random on their way, as vessels and airways do.

    Args:
        generator: Decides the bends.
        start: Shape (..., 2).
        heading: Shape (...), in radians; 0 is to the right, above 0 is down.
        length: Shape (...).

    Returns:
        Shape (..., 11, 2).
    """
    bends = generator.normal(0.0, 0.13, (*heading.shape, _STEPS)).cumsum(axis=-1)
    angle = heading[..., None] + bends
    steps = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * length[..., None, None] / _STEPS
    path: Points = np.concatenate([start[..., None, :], steps], axis=-2).cumsum(axis=-2)
    return path


@lru_cache
def _spline(corners: int) -> Points:
    t = np.arange(_BETWEEN) / _BETWEEN
    blend = [
        -t + 2 * t**2 - t**3,
        2 - 5 * t**2 + 3 * t**3,
        t + 4 * t**2 - 3 * t**3,
        -(t**2) + t**3,
    ]
    weights = np.zeros((corners, _BETWEEN, corners))
    for corner in range(corners):
        for offset, share in enumerate(blend):
            weights[corner, :, (corner + offset - 1) % corners] += share / 2
    return weights.reshape(corners * _BETWEEN, corners)
