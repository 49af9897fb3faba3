"""Regions: a film with its lungs taken out, its border alone, its burnt-in marks alone.

What still tells the class of a film without its lungs is no disease. The lungs are taken out
as a rectangle, not along their outline: an outline that stays shows the lungs all the same.

Source: Maguolo & Nanni 2021, Information Fusion 76 (lungs blacked out by a rectangle).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from leanlung.foundations.errors import PixelError
from leanlung.pixels.crop import Box, lung_box, resize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.float32]

SIDE = 128
"""Of the square that every film is stretched to, in pixels."""

MARGIN = 0.02
"""Added around a lung mask, as a share of its box's longer side."""

USUAL = (0.05, 0.90, 0.05, 0.95)
"""Where lungs lie: top, bottom, left and right, as shares of the film.

Of 850 radiographs with masks, 99.3 % of the lung lies within on average, 94.5 % of it in the
hundredth with least. Outside is left 23.5 % of the film.
"""

FRAME = 0.10
"""Width of the border, as a share of the side: 36 % of the film."""

_STROKE, _CONTRAST, _BRIGHT, _LONGEST = 0.10, 0.40, 0.70, 0.25
_OTHER_SHAPE = 0.05


@dataclass(frozen=True)
class Region:
    """A part of a film.

    Attributes:
        about: What is seen and what is black, in words.
        without_lungs: Whether the lungs are not seen.
    """

    about: str
    without_lungs: bool


REGIONS: dict[str, Region] = {
    "whole": Region("the whole film", without_lungs=False),
    "lungs_only": Region("the rectangle of the lungs alone, enlarged", without_lungs=False),
    "lungs_out": Region("the film with the rectangle of the lungs black", without_lungs=True),
    "border": Region("the outer 10 % on each side, the rest black", without_lungs=True),
    "text": Region(
        "small bright marks alone (letters, arrows, markers, wires; here and there the edge "
        "of a rib), white on black: strokes up to a tenth of the side wide that stand out by "
        "0.4 of the film's range of grey, each mark up to a quarter of the side long",
        without_lungs=True,
    ),
}
"""What is shown to the probe, by name."""


def regions_of(image: Picture, lungs: Box) -> dict[str, Picture]:
    """Take a film apart.

    Args:
        image: Shape (height, width), values in [0, 1].
        lungs: Rectangle of the lungs in the stretched film of `SIDE` pixels, as
            `rectangle_of` or `usual_rectangle` give it.

    Returns:
        One picture for each of `REGIONS`, each (`SIDE`, `SIDE`), in [0, 1].
    """
    whole = np.clip(resize(image, SIDE), 0.0, 1.0)
    inside = whole[lungs.top : lungs.bottom, lungs.left : lungs.right]
    out = whole.copy()
    out[lungs.top : lungs.bottom, lungs.left : lungs.right] = 0.0
    wide = round(FRAME * SIDE)
    border = whole.copy()
    border[wide:-wide, wide:-wide] = 0.0
    return {
        "whole": whole,
        "lungs_only": resize(np.ascontiguousarray(inside), SIDE),
        "lungs_out": out,
        "border": border,
        "text": marks_of(whole),
    }


def marks_of(film: Picture) -> Picture:
    """Keep small bright marks alone, such as burnt-in letters.

    The film's range of grey is stretched; what an opening with a square of a tenth of the side
    takes away by 0.4 or more, and is at least 0.7 bright, is a mark, if its box is no longer
    than a quarter of the side. Dark marks are not found.

    Args:
        film: Shape (`SIDE`, `SIDE`), values in [0, 1].

    Returns:
        The same shape: 1 where there is a mark, else 0.
    """
    low, high = np.quantile(film, [0.005, 0.995])
    stretched = np.clip((film - low) / max(float(high - low), 1e-6), 0.0, 1.0)
    stretched = stretched.astype(np.float32)
    wide = round(_STROKE * SIDE)
    thin = cv2.morphologyEx(stretched, cv2.MORPH_TOPHAT, np.ones((wide, wide), np.uint8))
    marked = ((thin >= _CONTRAST) & (stretched >= _BRIGHT)).astype(np.uint8)
    numbers: NDArray[np.int32]
    _, numbers, boxes, _ = cv2.connectedComponentsWithStats(marked, connectivity=8)
    longest = np.maximum(boxes[:, cv2.CC_STAT_WIDTH], boxes[:, cv2.CC_STAT_HEIGHT])
    kept = longest <= _LONGEST * SIDE
    kept[0] = False  # the ground
    marks: Picture = kept[numbers].astype(np.float32)
    return marks


def usual_rectangle() -> Box:
    """Give the rectangle where lungs usually lie, in pixels of the stretched film."""
    top, bottom, left, right = (round(SIDE * share) for share in USUAL)
    return Box(top, bottom, left, right)


def rectangle_of(mask: NDArray[Any], shape: tuple[int, int]) -> Box:
    """Give the rectangle around a lung mask, in pixels of the stretched film.

    Args:
        mask: Shape (height, width); above zero is lung. It may be of another size than the
            film, but not of another shape.
        shape: Height and width of the film.

    Raises:
        PixelError: If the mask is empty, full, or of another shape than the film.
    """
    proportion = (mask.shape[1] / mask.shape[0]) / (shape[1] / shape[0])
    if abs(np.log(proportion)) > _OTHER_SHAPE:
        msg = (
            f"a lung mask of {mask.shape[0]} x {mask.shape[1]} pixels beside a film of "
            f"{shape[0]} x {shape[1]}; the same size, or the same proportions, were expected"
        )
        raise PixelError(msg)
    if bool((mask > 0).all()):
        msg = "the lung mask is full; zero was expected where there is no lung"
        raise PixelError(msg)
    return lung_box(mask, (SIDE, SIDE), MARGIN)


def covered(mask: NDArray[Any], box: Box) -> float:
    """Give the share of the lung that lies within a rectangle.

    Args:
        mask: Shape (height, width); above zero is lung.
        box: In pixels of the stretched film.

    Returns:
        In [0, 1]; 0 for an empty mask.
    """
    lung = resize((mask > 0).astype(np.float32), SIDE)
    inside = lung[box.top : box.bottom, box.left : box.right].sum()
    return float(inside / max(float(lung.sum()), 1e-6))
