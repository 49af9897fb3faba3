"""Find lungs by their air: a threshold and what belongs together, where no mask is given.

The body is the largest piece of tissue with its holes filled; the air inside it is cut off from
windpipe and bowel by an opening; the two largest pieces are the lungs, or one where they touch.
A closing takes in vessels and small lesions, and the wall's dents.

What it cannot do: dense lesions that reach the wall (consolidation, effusion, collapse) look
like tissue and are left out, the more the sicker the lung; on a single slice, bowel and
stomach under the diaphragm and a wide windpipe may be taken for lung (a whole volume does
better, as the lungs are its largest air); emphysema outside the chest, a missing lung, a
patient cut off at the border of the picture. On pictures that were levelled (CLAHE) no
Hounsfield unit is left, and the threshold is guessed from the picture. Predicted masks are for
cropping, not for measuring.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

AIR_BELOW = -320.0
"""Hounsfield units: the middle between lung and soft tissue."""

_LEAST_OF_BODY = 0.01
_LEAST_OF_LARGER = 0.08
_OPENING, _CLOSING = 0.008, 0.03
"""Diameters, as shares of the picture's longer side."""

_LEAST_OF_VOLUME = 0.15


def find_lungs(plane: NDArray[np.number[Any]], below: float | None = AIR_BELOW) -> Mask:
    """Find the lungs in one slice.

    Args:
        plane: (rows, columns): Hounsfield units, or grey.
        below: What counts as air; None guesses it from the picture (Otsu's method, on what is
            not the picture's black surroundings), for grey.

    Returns:
        (rows, columns); all false where none is found.
    """
    found, body = _air_inside(plane, below)
    return _closed(_largest(found, int(body.sum())), body)


def find_lungs_in(planes: Iterable[NDArray[np.number[Any]]], below: float = AIR_BELOW) -> Mask:
    """Find the lungs in a volume: the largest air inside the body, over all slices.

    Args:
        planes: Slices of a volume in order.
        below: As of `find_lungs`.

    Returns:
        (slices, rows, columns).
    """
    from scipy import ndimage

    looked = [_air_inside(plane, below) for plane in planes]
    whole = np.stack([found for found, _ in looked])
    bodies = [np.packbits(body) for _, body in looked]
    shape = whole.shape[1:]
    del looked
    pieces, count = ndimage.label(whole)
    if not count:
        return whole
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    lungs: Mask = np.isin(pieces, np.flatnonzero(sizes >= _LEAST_OF_VOLUME * sizes.max()))
    for index, packed in enumerate(bodies):
        body = np.unpackbits(packed, count=shape[0] * shape[1]).reshape(shape).astype(np.bool_)
        lungs[index] = _closed(lungs[index], body)
    return lungs


def _air_inside(plane: NDArray[np.number[Any]], below: float | None) -> tuple[Mask, Mask]:
    """Give air inside the body, without what is thin, and the body."""
    grey = plane.astype(np.float32)
    if below is None:
        below = _guessed(grey)
        grey = cv2.GaussianBlur(grey, (0, 0), max(grey.shape) / 200)
    tissue = (grey >= below).astype(np.uint8)
    side = max(plane.shape)
    body = _filled(_largest_piece(cv2.morphologyEx(tissue, cv2.MORPH_OPEN, _disc(side, 0.012))))
    air = ((tissue == 0) & body).astype(np.uint8)
    return cv2.morphologyEx(air, cv2.MORPH_OPEN, _disc(side, _OPENING)) > 0, body


def _guessed(grey: NDArray[np.float32]) -> float:
    seen = np.clip(grey - grey.min(), 0, None)
    eight = np.rint(seen * (255 / max(float(seen.max()), 1e-6))).astype(np.uint8)
    high, width = eight.shape
    middle = eight[high // 6 : high - high // 6, width // 6 : width - width // 6]
    found, _ = cv2.threshold(middle, 0, 255, cv2.THRESH_OTSU)
    return float(found / 255 * max(float(seen.max()), 1e-6) + grey.min())


def _largest_piece(marked: NDArray[np.uint8]) -> Mask:
    count, pieces, facts, _ = cv2.connectedComponentsWithStats(marked, connectivity=4)
    if count < 2:
        return np.zeros(marked.shape, np.bool_)
    largest: Mask = pieces == 1 + int(np.argmax(facts[1:, cv2.CC_STAT_AREA]))
    return largest


def _filled(piece: Mask) -> Mask:
    """Fill what the background does not reach from the border."""
    framed = np.pad(piece.astype(np.uint8), 1)
    cv2.floodFill(framed, None, (0, 0), 2)
    filled: Mask = framed[1:-1, 1:-1] != 2
    return filled


def _largest(found: Mask, body: int) -> Mask:
    """Keep the one or two largest pieces that are large enough for lungs."""
    count, pieces, facts, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8))
    areas = facts[1:, cv2.CC_STAT_AREA]
    if count < 2 or areas.max() < _LEAST_OF_BODY * body:
        return np.zeros(found.shape, np.bool_)
    kept = [
        1 + int(place)
        for place in np.argsort(areas)[::-1][:2]
        if areas[place] >= _LEAST_OF_LARGER * areas.max()
    ]
    lungs: Mask = np.isin(pieces, kept)
    return lungs


def _closed(lungs: Mask, body: Mask) -> Mask:
    if not lungs.any():
        return lungs
    disc = _disc(max(lungs.shape), _CLOSING)
    room = disc.shape[0]
    framed = np.pad(lungs.astype(np.uint8), room)
    closed = cv2.morphologyEx(framed, cv2.MORPH_CLOSE, disc)[room:-room, room:-room] > 0
    return _holes_of_each(closed) & body


def _holes_of_each(lungs: Mask) -> Mask:
    """Fill small holes; the heart, where lungs touch at both ends, is a large one."""
    _, pieces, facts, _ = cv2.connectedComponentsWithStats((~lungs).astype(np.uint8))
    small = facts[:, cv2.CC_STAT_AREA] < 0.15 * lungs.sum()
    small[0] = False
    filled: Mask = lungs | small[pieces]
    return filled


def _disc(side: int, share: float) -> NDArray[np.uint8]:
    across = max(3, round(side * share)) | 1
    disc: NDArray[np.uint8] = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (across, across))
    return disc
