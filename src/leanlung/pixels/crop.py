"""Crop an image to the box around its lungs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np

from leanlung.foundations.errors import PixelError

if TYPE_CHECKING:
    from numpy.typing import NDArray


_OTHER_SHAPE = 0.05


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


def require_fitting(mask: tuple[int, ...], image: tuple[int, ...]) -> None:
    """Refuse a mask that cannot be of an image.

    Another size is fine as long as the proportions are the same: public archives keep small
    masks beside large images.

    Args:
        mask: Height and width.
        image: Height and width.

    Raises:
        PixelError: If the proportions differ by more than a twentieth.
    """
    proportion = (mask[1] / mask[0]) / (image[1] / image[0])
    if abs(np.log(proportion)) > _OTHER_SHAPE:
        msg = (
            f"a lung mask of {mask[0]} x {mask[1]} pixels beside an image of {image[0]} x "
            f"{image[1]}; the same size, or the same proportions, were expected: is it the "
            "mask of another image, or was one of them turned or cropped?"
        )
        raise PixelError(msg)


def lungs_alone(image: NDArray[np.float32], mask: NDArray[Any]) -> NDArray[np.float32]:
    """Make black what is no lung.

    Args:
        image: (H, W).
        mask: Above zero is lung; it may be smaller or larger than the image.

    Returns:
        (H, W), a copy.
    """
    lung = (mask > 0).astype(np.float32)
    lung = cv2.resize(lung, image.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(lung >= 0.5, image, np.float32(0.0))


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
