"""Flip an image and whatever is drawn on it, together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.foundations.errors import PixelError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def flipped(
    *planes: NDArray[Any], left_right: bool = False, up_down: bool = False
) -> tuple[NDArray[Any], ...]:
    """Flip an image and its masks alike.

    Args:
        planes: (H, W) each, all of one shape: the image, then its masks.
        left_right: Whether columns run the other way.
        up_down: Whether rows do.

    Returns:
        As many planes, copies.

    Raises:
        PixelError: If they differ in shape: they would not stay on each other.
    """
    shapes = {plane.shape for plane in planes}
    if len(shapes) > 1:
        msg = f"planes of shapes {sorted(shapes)} are flipped together; one shape was expected"
        raise PixelError(msg)
    rows, columns = (slice(None, None, -1 if flip else 1) for flip in (up_down, left_right))
    return tuple(np.ascontiguousarray(plane[rows, columns]) for plane in planes)
