"""Prepare one image: level, crop, resize, clean, store as bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from leanlung.foundations.errors import PixelError
from leanlung.pixels.clahe import levelled
from leanlung.pixels.crop import lung_box, lungs_alone, require_fitting, resize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from leanlung.pixels.spec import PixelSpec

_WHITE = 255
_DARKEST = 1 / 16
"""Of white; a picture that stays below it would keep at most 16 of 256 grey levels."""


def prepare(
    image: NDArray[np.float32], spec: PixelSpec, mask: NDArray[np.generic] | None = None
) -> NDArray[np.uint8]:
    """Make an image ready for the cache.

    Args:
        image: (H, W), in [0, 1], 0 black.
        spec: What to do.
        mask: (H, W) lung mask, used if the specification crops to the lungs; without one the
            whole image is kept.

    Returns:
        (size, size), 0 black to 255 white.

    Raises:
        PixelError: If the image is not a plane of numbers in [0, 1] or nearly black all over,
            or the mask is empty or of another shape than the image.
    """
    require_image(image)
    if spec.clahe is not None:
        image = levelled(image, spec.clahe)
    if spec.crop == "lungs" and mask is not None:
        require_fitting(mask.shape, image.shape)
        box = lung_box(mask, image.shape, spec.margin)
        if spec.outside == "black":
            image = lungs_alone(image, mask)
        image = image[box.top : box.bottom, box.left : box.right]
    small = resize(image, spec.size)
    if spec.median:
        small = np.asarray(cv2.medianBlur(small, ksize=3), dtype=np.float32)
    return np.rint(np.clip(small, 0.0, 1.0) * _WHITE).astype(np.uint8)


def require_image(image: NDArray[np.float32]) -> None:
    """Refuse what is no image.

    Raises:
        PixelError: If it is not a plane of numbers in [0, 1], or nearly black all over.
    """
    if image.ndim != 2 or min(image.shape) < 2:
        msg = (
            f"an image of shape {image.shape} was given; (height, width) was expected, "
            "2 x 2 at least"
        )
        raise PixelError(msg)
    low, high = float(image.min()), float(image.max())
    if not (low >= 0.0 and high <= 1.0):  # also false for NaN
        msg = f"pixel values from {low:g} to {high:g} were found; [0, 1] was expected"
        raise PixelError(msg)
    if high < _DARKEST:
        msg = (
            f"nearly black: the brightest pixel has {high:.3f} of white; at least "
            f"{_DARKEST} was expected; if 12 bits were saved as 16, multiply the values by 16 "
            "and save again"
        )
        raise PixelError(msg)
