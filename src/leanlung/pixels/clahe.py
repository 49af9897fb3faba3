"""CLAHE: contrast levelled tile by tile, with a limit on how far (OpenCV's)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WHITE = 255


class Clahe(BaseModel, extra="forbid", frozen=True):
    """How far contrast is levelled.

    Attributes:
        tiles: The picture is parted into so many tiles down and as many across.
        clip: No grey level of a tile counts more than so many times the mean count; what is
            above is shared among all. Near 1 little changes.

    Source: Zuiderveld 1994, Graphics Gems IV, VIII.5, in OpenCV's version. The CT paper gives
    neither figure; these are the usual ones.
    """

    tiles: int = Field(8, ge=1, le=64)
    clip: float = Field(2.0, gt=0.0, le=256.0)


def levelled(image: NDArray[np.float32], clahe: Clahe) -> NDArray[np.float32]:
    """Level the contrast of an image.

    Args:
        image: (H, W), in [0, 1]; its grey is rounded to 256 levels.
        clahe: How far.

    Returns:
        (H, W), in [0, 1], of 256 levels.
    """
    eight = np.rint(image * np.float32(_WHITE)).astype(np.uint8)
    return levelled_bytes(eight, clahe).astype(np.float32) / np.float32(_WHITE)


def levelled_bytes(image: NDArray[np.uint8], clahe: Clahe) -> NDArray[np.uint8]:
    """Level the contrast of an image of bytes, (H, W); as `levelled`."""
    # Made anew each time: one object may not be used by two threads at once.
    tool = cv2.createCLAHE(clipLimit=clahe.clip, tileGridSize=(clahe.tiles, clahe.tiles))
    return np.asarray(tool.apply(np.ascontiguousarray(image)), np.uint8)
