"""Crop an image to the box around its lungs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from leanlung.foundations.errors import PixelError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Box(NamedTuple):
    """A rectangle of pixels; ``bottom`` and ``right`` are one past the last."""

    top: int
    bottom: int
    left: int
    right: int


def lung_box(mask: NDArray[np.generic], shape: tuple[int, int], margin: float) -> Box:
    """Find the box around a lung mask.

    Args:
        mask: (H, W); above zero is lung. It may have another size than the image, as masks of
            public archives do: the box is scaled.
        shape: Height and width of the image.
        margin: Added on each side, as a share of the box's longer side; clipped at the border.

    Returns:
        The box in pixels of the image.

    Raises:
        PixelError: If the mask is empty.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        msg = "the lung mask is empty; pixels above zero were expected where there is lung"
        raise PixelError(msg)
    # Multiplied before divided: a border that falls between two pixels then does so exactly.
    top, bottom = (row * shape[0] / mask.shape[0] for row in (rows[0], rows[-1] + 1))
    left, right = (col * shape[1] / mask.shape[1] for col in (columns[0], columns[-1] + 1))
    more = margin * max(bottom - top, right - left)
    return Box(
        top=max(int(top - more), 0),
        bottom=min(int(np.ceil(bottom + more)), shape[0]),
        left=max(int(left - more), 0),
        right=min(int(np.ceil(right + more)), shape[1]),
    )


def resize(image: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Stretch an image to a square.

    Shrinking averages areas, so that nothing aliases; enlarging is bilinear; each side for
    itself.

    Args:
        image: (H, W).
        size: Of the square, in pixels.

    Returns:
        (size, size).
    """
    # In two steps, as OpenCV averages areas only where neither side grows.
    height, width = (min(side, size) for side in image.shape)
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    square = cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR)
    return np.asarray(square, dtype=np.float32)
