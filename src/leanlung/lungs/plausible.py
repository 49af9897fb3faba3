"""Plausible: whether a found mask can be the lungs of a chest film.

The limits lie outside what 1,454 of 1,456 masks drawn by people show on films stretched to a
square: share of the film 0.08 to 0.59, smaller lung by larger 0.46 and more in 99.5 % of them,
centres 0.25 of the width apart or more, and 0.20 of the height at most. Two show one lung.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Limits:
    """What a mask has to keep to.

    Attributes:
        least: Share of the film that is lung, at least.
        most: The same, at most.
        scattered: Share of what was found that lies outside the two largest pieces, at most.
        smaller: Area of the smaller lung by that of the larger, at least.
        apart: Distance of the lungs' centres across, as a share of the width, at least.
        aslant: Distance of the lungs' centres along the height, as a share, at most.
        off_centre: Distance of the mask's centre from the film's, across and along, as a share
            of the side, at most.
    """

    least: float = 0.06
    most: float = 0.70
    scattered: float = 0.10
    smaller: float = 0.25
    apart: float = 0.20
    aslant: float = 0.25
    off_centre: float = 0.25


LIMITS = Limits()


@dataclass(frozen=True, eq=False)
class Cleaned:
    """A mask after cleaning.

    Attributes:
        mask: (H, W): the two largest pieces, without holes.
        scattered: Share of what was found that is not in them.
    """

    mask: Mask
    scattered: float


def clean(found: NDArray[Any]) -> Cleaned:
    """Keep the two largest pieces and fill their holes.

    Args:
        found: (H, W); not zero where lung was found.

    Returns:
        The same size; empty if nothing was found.
    """
    filled = np.zeros(found.shape, np.uint8)
    outlines, _ = cv2.findContours(
        (found != 0).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
    numbers, areas, _ = _pieces(filled)
    kept = np.zeros(len(areas) + 1, np.bool_)  # 0 is the ground
    kept[1 + np.argsort(-areas, kind="stable")[:2]] = True
    mask = kept[numbers]
    total = int(filled.sum())
    return Cleaned(mask, 1.0 - int(mask.sum()) / total if total else 0.0)


def problem_of(cleaned: Cleaned, limits: Limits = LIMITS) -> str:
    """Say why a mask cannot be the lungs of a film.

    Args:
        cleaned: Of the whole film stretched to a square.
        limits: It has to keep to.

    Returns:
        The reason, with the figure found and the one expected; empty if there is none.
    """
    mask = cleaned.mask
    height, width = mask.shape
    share = float(mask.mean())
    if share == 0.0:
        return "no lung was found"
    if not limits.least <= share <= limits.most:
        return f"{_share(share)} of the film; {limits.least} to {limits.most} was expected"
    if cleaned.scattered > limits.scattered:
        return (
            f"{_share(cleaned.scattered)} of it lies scattered outside its two largest; "
            f"{limits.scattered} at most was expected"
        )
    areas, centres = _two_lungs(mask)
    if len(areas) < 2:
        return "one piece; two lungs were expected"
    smaller = float(areas.min() / areas.max())
    if smaller < limits.smaller:
        return (
            f"the smaller lung has {_share(smaller)} of the larger; {limits.smaller} at least "
            "was expected"
        )
    across, along = np.abs(centres[0] - centres[1]) / (width, height)
    if across < limits.apart:
        return (
            f"lungs {_share(across)} of the width apart; {limits.apart} at least was expected"
        )
    if along > limits.aslant:
        return (
            f"one lung {_share(along)} of the height above the other; {limits.aslant} at most"
        )
    rows, columns = mask.nonzero()
    middle = np.array([(columns.mean() + 0.5) / width, (rows.mean() + 0.5) / height])
    off = float(np.abs(middle - 0.5).max())
    if off > limits.off_centre:
        return f"{_share(off)} of the side off the film's centre; {limits.off_centre} at most"
    return ""


def _two_lungs(mask: Mask) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give areas and centres of the two pieces; lungs that just touch are parted first."""
    _, areas, centres = _pieces(mask.astype(np.uint8))
    wide = max(3, round(0.04 * max(mask.shape)) | 1)
    for square in range(3, wide + 1, 2):
        if len(areas) >= 2:
            break
        thinner = cv2.erode(mask.astype(np.uint8), np.ones((square, square), np.uint8))
        _, areas, centres = _pieces(thinner)
    largest = np.argsort(-areas, kind="stable")[:2]
    return areas[largest].astype(np.float64), centres[largest]


def _pieces(
    mask: NDArray[np.uint8],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """Number the pieces from 1 on, and give area and centre (across, along) of each."""
    _, numbers, facts, centres = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return numbers, facts[1:, cv2.CC_STAT_AREA], centres[1:]


def _share(value: float) -> str:
    return f"{value:.2f}"
