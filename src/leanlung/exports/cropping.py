"""Cropping for a bundle: each image prepared as its training images were, lungs included."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from leanlung.pixels import prepare, require_image

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from leanlung.exports.bundle import Bundle

NO_MASK = "no lung mask was given"


class Prepared(NamedTuple):
    """An image as a bundle reads it.

    Attributes:
        image: (size, size), uint8.
        whole: Why it stayed whole although the bundle crops to the lungs; empty if it was
            cropped, or the bundle does not crop.
    """

    image: NDArray[np.uint8]
    whole: str = ""


def prepared_for(
    bundle: Bundle, image: NDArray[np.float32], mask: NDArray[np.float32] | None = None
) -> Prepared:
    """Prepare an image for a bundle.

    A bundle that carries a segmenter finds the lungs itself, as when it was trained; a mask
    that is given is then not looked at.

    Args:
        bundle: Says how.
        image: (H, W), in [0, 1].
        mask: (H, W) lung mask, for a bundle that crops to the lungs and has no segmenter.

    Raises:
        PixelError: As `prepare`.
    """
    if bundle.pixels.crop != "lungs":
        return Prepared(prepare(image, bundle.pixels))
    if bundle.segmenter is None:
        return Prepared(prepare(image, bundle.pixels, mask), NO_MASK if mask is None else "")
    require_image(image)
    [found] = bundle.segmenter.find([image])
    inside = found.of_film() if found.at.plausible else None
    return Prepared(prepare(image, bundle.pixels, inside), found.at.reason)
