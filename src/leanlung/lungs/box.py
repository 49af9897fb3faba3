"""The lung box: where the lungs of a film are, in pixels of the film."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from leanlung.lungs.plausible import clean, problem_of
from leanlung.pixels.crop import Box, lung_box

if TYPE_CHECKING:
    from numpy.typing import NDArray

MARGIN = 0.05
"""Added around the lungs, as a share of their box's longer side."""


@dataclass(frozen=True)
class LungBox:
    """The box that a film is cropped to.

    Attributes:
        box: In pixels of the film: around the lungs with a margin, clipped at the border; the
            whole film where the mask is implausible.
        plausible: Whether the mask can be that of two lungs.
        reason: Why it cannot; empty if it can.
    """

    box: Box
    plausible: bool
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give a value that JSON can hold."""
        return {**self.box._asdict(), "plausible": self.plausible, "reason": self.reason}


@dataclass(frozen=True, eq=False)
class Lungs:
    """The lungs of a film.

    Attributes:
        mask: (256, 256), of the film stretched to a square; cleaned, and as it was found even
            where it is implausible.
        shape: Height and width of the film.
        at: The box to crop to.
    """

    mask: NDArray[np.bool]
    shape: tuple[int, int]
    at: LungBox

    def of_film(self) -> NDArray[np.uint8]:
        """Give the mask at the film's size, (H, W): 255 where there is lung, else 0."""
        grey = self.mask.astype(np.uint8) * 255
        large = cv2.resize(grey, self.shape[::-1], interpolation=cv2.INTER_LINEAR)
        return np.where(large > 127, 255, 0).astype(np.uint8)


def lungs_from(found: NDArray[Any], shape: tuple[int, int], margin: float = MARGIN) -> Lungs:
    """Clean what was found, judge it, and draw the box.

    Args:
        found: (256, 256), not zero where lung was found on the stretched film.
        shape: Height and width of the film.
        margin: Added on each side, as a share of the box's longer side.
    """
    cleaned = clean(found)
    if reason := problem_of(cleaned):
        whole = Box(0, shape[0], 0, shape[1])
        return Lungs(cleaned.mask, shape, LungBox(whole, plausible=False, reason=reason))
    box = lung_box(cleaned.mask, shape, margin)
    return Lungs(cleaned.mask, shape, LungBox(box, plausible=True))


def cropped(film: NDArray[np.float32], at: LungBox) -> NDArray[np.float32]:
    """Give the part of a film within its box, without a copy."""
    box = at.box
    return film[box.top : box.bottom, box.left : box.right]
