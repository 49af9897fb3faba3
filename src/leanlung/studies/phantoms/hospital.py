"""A hospital: its grey scale, its grain, its collimator and the letters it burns in.

None of it says anything about disease. That is the point: where hospital and class go
together, a network can learn these instead, and the tests of shortcuts need such data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from leanlung.studies.phantoms.canvas import height

if TYPE_CHECKING:
    from leanlung.studies.phantoms.canvas import Canvas, Layer

WORD = "PHANTOM"


@dataclass(frozen=True)
class Hospital:
    """How one hospital's films look.

    Attributes:
        name: One letter.
        view: ``PA`` standing, ``AP`` lying in bed.
        contrast: Slope of the grey scale in its middle.
        brightness: Bend of the grey scale, in (-1, 1); above 0 is lighter.
        noise: Largest deviation of a pixel, as a share of white.
        blur: Standard deviation as a share of the side.
        collimation: Widest black border as a share of the side.
        letters: Burned in at the top.
        side: Of the picture, where the letters stand: ``left`` or ``right``.
    """

    name: str
    view: str
    contrast: float
    brightness: float
    noise: float
    blur: float
    collimation: float
    letters: str
    side: str


HOSPITALS: dict[str, Hospital] = {
    "A": Hospital("A", "PA", 1.15, -0.10, 0.05, 0.0015, 0.0, "L", "right"),
    "B": Hospital("B", "AP", 0.85, 0.25, 0.07, 0.0040, 0.045, "R PORTABLE", "left"),
}


def develop(shadow: Layer, hospital: Hospital, generator: np.random.Generator) -> Canvas:
    """Turn a shadow into the film a hospital would show.

    Args:
        shadow: From `shadows.cast`, about 0 to 1.
        hospital: Whose machine.
        generator: Of this film: exposure and grain.

    Returns:
        The same shape, 8-bit grey.
    """
    size = len(shadow)
    exposure = generator.normal(0.0, 0.02)
    slope = hospital.contrast * generator.normal(1.0, 0.04)
    sharp = cv2.GaussianBlur(shadow, (0, 0), max(hospital.blur * size, 0.3))
    fall_down, fall_across = generator.normal(0.0, 0.04, (2, 1)).astype(np.float32)
    slant = fall_down * (height(size) - 0.5) + fall_across * (height(size).T - 0.5)
    film = np.clip((sharp - 0.5) * slope + slant + (0.5 + exposure), 0.0, 1.0)
    film += hospital.brightness * film * (1.0 - film)
    # The sum of two dice is grain enough, and ten times as fast as normal deviates.
    dice = generator.integers(0, 256, (2, size, size), np.uint8)
    grain = dice[0].astype(np.float32) + dice[1] - 255
    film = film * 255 + hospital.noise * grain * (0.4 + 0.6 * film)
    top, left, bottom, right = generator.uniform(0.0, hospital.collimation, 4) * size
    film[: round(top)], film[size - round(bottom) :] = 0, 0
    film[:, : round(left)], film[:, size - round(right) :] = 0, 0
    picture: Canvas = np.clip(film, 0, 255).astype(np.uint8)
    _write(picture, hospital.letters, hospital.side, 0.065, 0.0017)
    _write(picture, WORD, "right", 0.985, 0.0012)
    return picture


def _write(picture: Canvas, text: str, side: str, baseline: float, scale: float) -> None:
    size = len(picture)
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, scale * size
    (width, tall), _ = cv2.getTextSize(text, font, scale, 1)
    left = round(0.03 * size) if side == "left" else round(0.97 * size) - width
    bottom = round(baseline * size)
    picture[bottom - tall - 2 : bottom + 2, left - 2 : left + width + 2] = 0
    cv2.putText(picture, text, (left, bottom), font, scale, 255, 1, cv2.LINE_AA)
