"""Agreement: how far a map lies where the disease, or the lung, is.

Every measure stands beside its chance level: what it would be for a map without any
preference within the part of the film that the network was shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Region = NDArray[np.bool]
    Values = NDArray[np.float32]

TOLERANCE = 0.03
"""How far from a lesion a peak may lie, as a share of the film's longer side."""

SHARE_OF_PEAK = 0.5
"""From where on a place counts as marked, as a share of the map's largest value."""


class Agreement(NamedTuple):
    """A measure on one film.

    Attributes:
        value: In [0, 1], higher is better; None where it is undefined.
        chance: In [0, 1]: what a map without preference would reach.
    """

    value: float | None
    chance: float


def share_inside(values: Values, region: Region, seen: Region) -> Agreement:
    """Give the share of a map that lies inside a region.

    With lesions this is the energy-based pointing game.

    Args:
        values: (H, W), not negative.
        region: (H, W).
        seen: (H, W): the part of the film that the network was shown.

    Returns:
        Sum inside by sum of all; undefined for a map of zeros. By chance, the region's share
        of what was shown.

    Source: Wang et al. 2020 (Score-CAM), CVPR workshops, section 4.3.
    """
    total = values.sum(dtype=np.float64)
    inside = values.sum(dtype=np.float64, where=region)
    return Agreement(float(inside / total) if total > 0.0 else None, _covered(region, seen))


def pointing(
    values: Values, region: Region, seen: Region, tolerance: float = TOLERANCE
) -> Agreement:
    """Play the pointing game: whether the peak of a map lies at a lesion.

    Args:
        values: (H, W).
        region: (H, W): lesions.
        seen: As for `share_inside`.
        tolerance: How far from a lesion still counts, as a share of the film's longer side.
            The customary 15 pixels belong to pictures of about 500.

    Returns:
        1 or 0; where several places share the largest value, the share of them that hit; 0 for
        a map of zeros, which points nowhere. By chance, the share of what was shown that
        counts as a hit.

    Source: Zhang et al. 2018, International Journal of Computer Vision 126(10), section 4.1.
    """
    away = cv2.distanceTransform((~region).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    near = np.asarray(away) <= tolerance * max(region.shape)
    peak = values.max()
    hit = float(near[values == peak].mean()) if peak > 0.0 else 0.0
    return Agreement(hit, _covered(near, seen))


def overlap(values: Values, region: Region, seen: Region) -> Agreement:
    """Give intersection over union of lesions and the places of half the peak or more.

    The threshold is fixed in advance and knows nothing of the lesions.

    Args:
        values: (H, W).
        region: (H, W): lesions.
        seen: As for `share_inside`.

    Returns:
        In [0, 1]; 0 for a map of zeros. By chance, the intersection that two regions of these
        areas have on average when they know nothing of each other.

    The half is our choice; Selvaraju et al. 2020 take 15 % of the peak for boxes of objects.
    """
    peak = values.max()
    marked = values >= SHARE_OF_PEAK * peak if peak > 0.0 else np.zeros_like(region)
    return _jaccard(marked, region, seen)


def overlap_of_equal_area(values: Values, region: Region, seen: Region) -> Agreement:
    """Give intersection over union of lesions and as many places of the highest values.

    What is left to differ is where a map looks, not how much it marks; it is told the
    lesions' area. Places tied with the last are marked too; places of zero never.

    Args:
        values: (H, W).
        region: (H, W): lesions, one pixel or more.
        seen: As for `share_inside`.

    Returns:
        As `overlap`.
    """
    count = int(region.sum())
    last = np.partition(values, -count, axis=None)[-count]
    return _jaccard((values >= last) & (values > 0.0), region, seen)


MEASURES: dict[str, Callable[[Values, Region, Region], Agreement]] = {
    "share": share_inside,
    "pointing": pointing,
    "iou": overlap,
    "iou_equal_area": overlap_of_equal_area,
}
"""What is measured, by name; all with lesions, the share alone with lungs."""


def _covered(region: Region, seen: Region) -> float:
    return float(region[seen].mean())


def _jaccard(marked: Region, region: Region, seen: Region) -> Agreement:
    union = (marked | region).sum()
    value = float((marked & region).sum() / union) if union else 0.0
    one, other = _covered(marked, seen), _covered(region, seen)
    either = one + other - one * other
    return Agreement(value, one * other / either if either > 0.0 else 0.0)
