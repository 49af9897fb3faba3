"""Mask files: found lung masks as PNG, white where there is lung."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2

from leanlung.foundations.files import write_bytes

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


def save_mask(path: Path, mask: NDArray[np.uint8]) -> None:
    """Write a mask, (H, W) of 0 and 255, whole or not at all.

    Raises:
        StorageError: If the disk is full or the folder cannot be written.
    """
    _, data = cv2.imencode(".png", mask, [cv2.IMWRITE_PNG_BILEVEL, 1])
    write_bytes(path, data.tobytes())
