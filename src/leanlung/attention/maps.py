"""Attention maps: where one network, or several together, looked on one film."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from leanlung.foundations.errors import PixelError, UsageError
from leanlung.pixels.crop import Box, lung_box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from leanlung.pixels import PixelSpec

_ROUNDING = 1e-5


@dataclass(frozen=True, eq=False)
class AttentionMap:
    """Where a network looked to answer for a class.

    Attributes:
        study_id: Of the film.
        of_class: Name of the class asked about.
        values: (H, W), at the network's resolution or, after `on_film`, at the film's; in
            [0, 1], the largest is 1 unless all are zero.
        method: How it was reached.
        layer: Whose maps were read; of several networks, one after the other; empty where no
            layer was.

    Raises:
        PixelError: If the values are no plane of finite numbers in [0, 1].
    """

    study_id: str
    of_class: str
    values: NDArray[np.float32]
    method: str
    layer: str

    def __post_init__(self) -> None:
        low, high = (float(each) for each in (self.values.min(), self.values.max()))
        if self.values.ndim != 2 or not (low >= 0.0 and high <= 1.0 + _ROUNDING):
            msg = (
                f"{self.study_id}: a map of shape {self.values.shape}, values from {low:g} to "
                f"{high:g}; (height, width) in [0, 1] was expected"
            )
            raise PixelError(msg)

    @property
    def empty(self) -> bool:
        """Whether nothing speaks for the class: all values are zero."""
        return not self.values.any()


def seen_box(shape: tuple[int, int], spec: PixelSpec, lungs: NDArray[np.generic] | None) -> Box:
    """Give the part of a film that a network is shown.

    Args:
        shape: Height and width of the film.
        spec: How films are prepared for the network.
        lungs: Lung mask, if there is one; of any size, as in preparation.

    Raises:
        PixelError: If the mask is needed and empty.
    """
    if spec.crop == "lungs" and lungs is not None:
        return lung_box(lungs, shape, spec.margin)
    return Box(0, shape[0], 0, shape[1])


def on_film(attention: AttentionMap, shape: tuple[int, int], seen: Box) -> AttentionMap:
    """Put a map back onto its film.

    It is stretched over the part of the film that the network was shown, as that part was
    stretched to the network's square; the rest of the film is zero.

    Args:
        attention: At the network's resolution.
        shape: Height and width of the film.
        seen: What the network was shown, as `seen_box` gives it.

    Returns:
        The same map, (height, width) of the film, scaled anew to a largest value of 1.
    """
    values = np.zeros(shape, dtype=np.float32)
    values[seen.top : seen.bottom, seen.left : seen.right] = _stretched(
        attention.values, seen.bottom - seen.top, seen.right - seen.left
    )
    return replace(attention, values=_scaled(values))


def combine(
    maps: Sequence[AttentionMap], weights: Sequence[float] | None = None
) -> AttentionMap:
    """Put the maps of an ensemble's members together.

    Each is scaled to a sum of one, so that a member that looks at much does not outvote one
    that looks at little; then the weighted mean is taken, and scaled to a largest value of 1.
    An empty map adds nothing, and its weight falls to the others.

    Args:
        maps: Of one film and class, one a member, of one shape: put on the film before, where
            members read pictures of different sizes or parts.
        weights: Of the members, not negative; equal if not given.

    Raises:
        UsageError: If there is no map, they are not of one film, class and shape, or the
            weights do not fit.
    """
    weights = [1.0] * len(maps) if weights is None else weights
    told = {(one.study_id, one.of_class, one.values.shape) for one in maps}
    if len(told) != 1:
        msg = f"maps of {sorted(told)}; one film, one class and one shape were expected"
        raise UsageError(msg)
    if len(weights) != len(maps) or min(weights) < 0.0 or not sum(weights) > 0.0:
        msg = (
            f"weights {list(weights)} for {len(maps)} maps; one for each was expected, none "
            "below zero and not all of them zero"
        )
        raise UsageError(msg)
    total = np.zeros(maps[0].values.shape, dtype=np.float64)
    for one, weight in zip(maps, weights, strict=True):
        if not one.empty:
            total += weight * one.values / one.values.sum(dtype=np.float64)
    return replace(
        maps[0],
        values=_scaled(total),
        method=" + ".join(dict.fromkeys(one.method for one in maps)),
        layer=", ".join(one.layer for one in maps),
    )


def _scaled(values: NDArray[np.floating]) -> NDArray[np.float32]:
    peak = values.max()
    scaled: NDArray[np.float32] = (values / peak if peak > 0.0 else values).astype(np.float32)
    return scaled


def _stretched(values: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Stretch each side for itself: shrinking averages areas, enlarging is bilinear."""
    sides = min(width, values.shape[1]), min(height, values.shape[0])
    small = cv2.resize(values, sides, interpolation=cv2.INTER_AREA)
    large = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large, dtype=np.float32)
