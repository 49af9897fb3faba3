"""What a disease does to the air in the lungs: one function a class.

Each gives, for every pixel, the share of air that is replaced. Drawing multiplies the air by
what is left of it, so that ribs and vessels show through a faint lesion and drown in a dense
one, as on film.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from leanlung.studies.phantoms import canvas
from leanlung.studies.phantoms.curves import mirrored, oval, wandering

if TYPE_CHECKING:
    from collections.abc import Callable

    from leanlung.studies.phantoms.canvas import Canvas, Layer
    from leanlung.studies.phantoms.curves import Points

_EDGE = 0.35
"""Where the opacity is above this share of its largest, the mask has the lesion."""

# Lobes as a film from the front shows them: the side, and an outline that reaches beyond the
# lung everywhere but at the fissure.
_LOBES: tuple[tuple[str, tuple[tuple[float, float], ...]], ...] = (
    ("right", ((0.0, 0.0), (0.5, 0.0), (0.5, 0.425), (0.3, 0.43), (0.0, 0.47))),  # upper
    ("right", ((0.5, 0.44), (0.3, 0.445), (0.15, 0.46), (0.26, 0.64), (0.5, 0.9))),  # middle
    ("right", ((0.0, 0.47), (0.2, 0.52), (0.36, 0.64), (0.5, 0.86), (0.0, 1.0))),  # lower
    ("left", ((0.5, 0.0), (1.0, 0.0), (1.0, 0.56), (0.75, 0.53), (0.5, 0.48))),  # upper
    ("left", ((0.5, 0.50), (0.72, 0.53), (1.0, 0.62), (1.0, 1.0), (0.5, 1.0))),  # lower
)


@dataclass(frozen=True, eq=False)
class Lungs:
    """Where the air is, on a canvas from 0 to 255.

    Attributes:
        right: On the left of the picture, without heart.
        left: On the right of the picture, without heart.
        chest: Both lungs and the heart between.
    """

    right: Canvas
    left: Canvas
    chest: Canvas


def none(
    generator: np.random.Generator,  # noqa: ARG001 - called as every class is
    lungs: Lungs,
    contrast: float,  # noqa: ARG001
) -> Layer:
    """Leave the lungs as they are."""
    return np.zeros(lungs.chest.shape, np.float32)


def consolidate(generator: np.random.Generator, lungs: Lungs, contrast: float) -> Layer:
    """Fill one lobe: even, sharp at the fissure, fading away inside it.

    Two times of three the airways stay open and show as dark branches in the white.

    Args:
        generator: Of this patient's disease.
        lungs: Where the air is.
        contrast: In (0, 1].

    Returns:
        Share of air replaced, in [0, 1].
    """
    size = len(lungs.chest)
    side, corners = _LOBES[generator.integers(len(_LOBES))]
    outline = np.array(corners) + generator.normal(0.0, 0.006, (len(corners), 2))
    lung = lungs.right if side == "right" else lungs.left
    lobe = cv2.min(canvas.filled(size, [outline]), lung)
    even = 0.92 + 0.05 * canvas.texture(generator, 12, size // 2)
    even *= _centred(generator, lobe)
    opacity: Layer = canvas.enlarged(even, size) * canvas.share_of(lobe)
    airways, are_open = _airways(generator, side), generator.random() < 2 / 3
    if are_open:
        branches = canvas.soft(canvas.stroked(size, airways, (0.010, 255)), 0.006)
        opacity *= 1 - 0.4 * canvas.share_of(branches)
    opacity *= np.float32(0.9 * contrast / _largest(opacity, lung))
    return np.clip(opacity, 0.0, 1.0)


def veil(generator: np.random.Generator, lungs: Lungs, contrast: float) -> Layer:
    """Lay ground glass over both lungs: patchy, at the periphery, more at the bases.

    Args:
        generator: Of this patient's disease.
        lungs: Where the air is.
        contrast: In (0, 1].

    Returns:
        Share of air replaced, in [0, 1].
    """
    size = len(lungs.chest)
    half = cv2.resize(lungs.chest, (size // 2, size // 2), interpolation=cv2.INTER_AREA)
    patches = 0.70 + 0.50 * canvas.texture(generator, 7, size // 2)
    patches += 0.20 * canvas.texture(generator, 24, size // 2)
    field = np.clip(patches, 0.0, 1.0)
    field *= 1.35 - canvas.share_of(canvas.soft(half, 0.20))
    field *= np.clip((canvas.height(size // 2) - 0.10) / 0.55, 0.2, 1.0)
    field = canvas.enlarged(field, size)
    gain = np.zeros_like(lungs.chest)
    for lung in (lungs.right, lungs.left):
        strength = contrast * generator.uniform(0.70, 0.85)
        share = strength / _largest(field, lung)
        gain = cv2.add(gain, cv2.convertScaleAbs(lung, alpha=share / 2))
    opacity: Layer = 2 * field * canvas.share_of(gain)
    return np.clip(opacity, 0.0, 1.0)


LESIONS: dict[str, Callable[[np.random.Generator, Lungs, float], Layer]] = {
    "normal": none,
    "lobar_consolidation": consolidate,
    "ground_glass": veil,
}


def outlined(opacity: Layer, lungs: Lungs) -> Canvas:
    """Give the mask of a lesion.

    Args:
        opacity: Share of air replaced.
        lungs: Where the air is.

    Returns:
        0 or 255: inside a lung, where the opacity is above a third of its largest there.
    """
    mask = np.zeros_like(lungs.chest)
    for lung in (lungs.right, lungs.left):
        largest = _largest(opacity, lung)
        if largest > 0.0:
            inside = cv2.compare(opacity, _EDGE * largest, cv2.CMP_GT)
            mask = cv2.max(mask, cv2.min(inside, _inside(lung)))
    return mask


def _largest(values: Layer, lung: Canvas) -> float:
    _, largest, _, _ = cv2.minMaxLoc(values, mask=_inside(lung))
    return float(largest)


def _inside(lung: Canvas) -> Canvas:
    inside: Canvas
    _, inside = cv2.threshold(lung, 127, 255, cv2.THRESH_BINARY)
    return inside


def _centred(generator: np.random.Generator, lobe: Canvas) -> Layer:
    """Fall off round a point near the middle of the lobe, on a canvas of half the side."""
    weight = cv2.moments(lobe)
    middle = np.array([weight["m10"], weight["m01"]]) / (weight["m00"] * len(lobe))
    x, y = middle + generator.uniform(-0.06, 0.06, 2)
    reach = generator.uniform(0.12, 0.28)
    disc = oval(x, y, reach, reach)
    return canvas.share_of(canvas.soft(canvas.filled(len(lobe) // 2, [disc]), 0.09))


def _airways(generator: np.random.Generator, side: str) -> Points:
    hilum = np.broadcast_to((0.58, 0.44), (9, 2))
    heading = generator.uniform(-1.3, 1.3, 9)
    left = wandering(generator, hilum, heading, np.full(9, 0.3))
    return mirrored(left) if side == "right" else left
