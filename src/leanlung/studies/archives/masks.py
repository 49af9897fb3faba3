"""Masks of archives: two lungs joined into one file, and sizes that differ from the image's."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from leanlung.studies.study import Study

NEEDS_A_PLACE = (
    "left and right lung are in two files, which are joined into one; index the archive with "
    "`leanlung data index`, which writes them beside the manifest"
)


def joined(masks: Sequence[Path], place: Path | None) -> Path | None:
    """Give the one mask of a film: the only file, or all of them as one.

    Args:
        masks: None, one of both lungs, or one of each.
        place: Where to write the joined one, as PNG of 0 and 255.

    Returns:
        The mask; None if there is none.

    Raises:
        StudyError: If the files cannot be read or differ in size, or there is no place.
    """
    if len(masks) < 2:
        return masks[0] if masks else None
    if place is None:
        msg = f"{masks[0]}: {NEEDS_A_PLACE}"
        raise StudyError(msg)
    from PIL import Image

    whole = _pixels(masks[0])
    for path in masks[1:]:
        one = _pixels(path)
        if one.shape != whole.shape:
            msg = (
                f"{path}: {one.shape[0]} x {one.shape[1]} pixels, and {masks[0]} has "
                f"{whole.shape[0]} x {whole.shape[1]}; masks of one film have one size"
            )
            raise StudyError(msg)
        whole = whole | one
    place.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.where(whole, np.uint8(255), np.uint8(0))).save(place)
    return place


def sizes_told(studies: Iterable[Study]) -> list[str]:
    """Tell masks whose size or shape differs from their image; only headers are read.

    Args:
        studies: Those without a mask, and files whose header tells no size, are passed over.

    Returns:
        A sentence for each pair of sizes, the most frequent first.
    """
    found: Counter[str] = Counter()
    for study in studies:
        mask = _size(study.lung_mask)
        image = _size(study.image) if mask else None
        if image is None or mask is None or image == mask:
            continue
        same = image[0] * mask[1] == image[1] * mask[0]
        what = "another size" if same else "ANOTHER SHAPE: do they belong together?"
        found[f"{mask[0]} x {mask[1]} for {image[0]} x {image[1]} pixels, {what}"] += 1
    return [f"lung masks of {count} images: {what}" for what, count in found.most_common()]


def _pixels(path: Path) -> NDArray[np.bool_]:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("L")) > 0
    except (OSError, UnidentifiedImageError) as error:
        msg = f"{path}: a mask that cannot be read ({error}); get the archive again"
        raise StudyError(msg) from error


def _size(path: Path | None) -> tuple[int, int] | None:
    """Give height and width as the header of a raster picture tells them."""
    from PIL import Image

    if path is None:
        return None
    try:
        with Image.open(path) as image:
            return image.height, image.width
    except (OSError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None
