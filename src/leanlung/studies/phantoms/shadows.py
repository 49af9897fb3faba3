"""The shadow a chest casts: tissue by tissue, as a perfect film would show it.

Shadows add up along the ray, so layers are added, and a lesion takes away air instead of
painting white over the picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from leanlung.studies.phantoms.anatomy import BEHIND
from leanlung.studies.phantoms.canvas import enlarged, filled, height, share_of, soft, stroked
from leanlung.studies.phantoms.lesions import Lungs

if TYPE_CHECKING:
    from leanlung.studies.phantoms.anatomy import Anatomy
    from leanlung.studies.phantoms.canvas import Canvas, Layer

_STRIP = 64


def lungs_of(anatomy: Anatomy, size: int) -> Lungs:
    """Find where the air of a chest is.

    Args:
        anatomy: Of the patient.
        size: Side of the canvas in pixels.

    Returns:
        Both lungs without the heart, and the whole chest.
    """
    right, left = filled(size, [anatomy.right_lung]), filled(size, [anatomy.left_lung])
    heart = filled(size, [anatomy.heart])
    beside = cv2.bitwise_not(heart)
    chest = cv2.max(cv2.max(right, left), heart)
    return Lungs(cv2.min(right, beside), cv2.min(left, beside), chest)


def cast(anatomy: Anatomy, lungs: Lungs, opacity: Layer) -> Layer:
    """Add up what a ray meets at every pixel.

    Args:
        anatomy: Of the patient.
        lungs: From `lungs_of`.
        opacity: Share of the air that a lesion replaced.

    Returns:
        The shape of ``opacity``; about 0 for open air, 0.2 for lung, 0.55 for soft tissue,
        0.75 for heart and belly, up to 1 for bone before them.
    """
    size = len(opacity)
    layers = np.stack(
        [
            soft(filled(size, [anatomy.body]), 0.05),
            soft(filled(size, [anatomy.right_lung, anatomy.left_lung]), 0.015),
            soft(lungs.chest, 0.14),
            soft(filled(size, [anatomy.heart]), 0.015),
            _glands(anatomy, size),
            _bones(anatomy, size),
            _vessels(anatomy, size),
            _hollows(anatomy, size),
        ]
    )
    tissue = enlarged(anatomy.tissue, size)
    shadow = np.empty_like(opacity)
    # In strips, because the layers of a strip fit into the cache, and those of a film do not.
    for top in range(0, size, _STRIP):
        rows = slice(top, top + _STRIP)
        shadow[rows] = _sum(
            anatomy, layers[:, rows], opacity[rows], tissue[rows], height(size)[rows]
        )
    return shadow


def _sum(anatomy: Anatomy, layers: Canvas, opacity: Layer, tissue: Layer, y: Layer) -> Layer:
    body, cage, depth, heart, glands, bones, vessels, hollows = map(share_of, layers)
    # Of two solid organs in one ray the thicker counts, or the apex would shine in the liver.
    belly = 0.20 * np.clip((y - 0.60) / 0.16, 0.0, 1.0) * (1 - cage) * body
    solid = np.maximum(0.17 * heart, belly)
    air = cage * (0.24 + 0.16 * depth) * (1 - opacity) * (1 - 0.80 * heart)
    bones *= (0.45 + 0.55 * depth) * (1 - 1.8 * solid)
    vessels *= cage * (1 - heart)
    hollows *= 1 - 0.6 * cage
    shadow: Layer = (
        body * (0.55 + 0.035 * tissue)
        + solid
        - air
        + (0.15 * anatomy.bone) * bones
        + (0.11 * anatomy.markings) * vessels
        + 0.10 * glands
        - 0.16 * hollows
    )
    return shadow


def _glands(anatomy: Anatomy, size: int) -> Canvas:
    hila = soft(filled(size, anatomy.hila), 0.04)
    glands: Canvas = cv2.add(hila, soft(filled(size, anatomy.breasts, 128), 0.012))
    return glands


def _bones(anatomy: Anatomy, size: int) -> Canvas:
    behind = stroked(size, anatomy.ribs[:, :BEHIND], (0.024, 170), (0.012, 100))
    before = stroked(size, anatomy.ribs[:, BEHIND - 1 :], (0.028, 75), (0.015, 38))
    clavicles = stroked(size, anatomy.clavicles, (0.032, 255), (0.017, 170))
    plates = filled(size, anatomy.scapulae, 65)
    column = filled(size, anatomy.spine, 125)
    bones = behind
    for more in (before, clavicles, plates, column):
        bones = cv2.add(bones, more)
    return soft(bones, 0.007)


def _vessels(anatomy: Anatomy, size: int) -> Canvas:
    near = stroked(size, anatomy.vessels[:, :4], (0.012, 255))
    middle = stroked(size, anatomy.vessels[:, 3:7], (0.008, 200))
    far = stroked(size, anatomy.vessels[:, 6:], (0.004, 160))
    return soft(cv2.max(near, cv2.max(middle, far)), 0.006)


def _hollows(anatomy: Anatomy, size: int) -> Canvas:
    windpipe = stroked(size, [anatomy.windpipe], (0.038, 165))
    return soft(cv2.max(windpipe, filled(size, [anatomy.stomach])), 0.012)
