"""Cut one slice: level it, part it, crop and resize each part with its masks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import cv2
import numpy as np

from leanlung.foundations.errors import PixelError, UsageError
from leanlung.pixels.clahe import levelled_bytes
from leanlung.pixels.crop import Box, lung_box, resize
from leanlung.slices.labelling import CLEAR, FEW, INFECTED, Rule, verdict, verdict_of_slice
from leanlung.slices.regions import CROPS, regions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from leanlung.pixels.clahe import Clahe
    from leanlung.slices.regions import Crop, Mask

_WHITE = 255
_SMALLEST, _LARGEST = 16, 4096
NO_LUNG = "no lung in the slice"


@dataclass(frozen=True)
class CutSpec:
    """How slices become pictures.

    Attributes:
        size: Height and width of a picture; regions are stretched to a square.
        crop: ``none`` keeps the slice, ``lungs`` cuts the box around both lungs, ``left-right``
            gives a picture of each, ``quadrants`` of front and back of each.
        margin: Added on each side of a box, as a share of its longer side.
        clahe: How contrast is levelled, over the whole slice before it is cropped; None: not.
        outside: What is in a box and no lung of its region: ``keep`` or ``black``.
        rule: How regions are labelled.

    Raises:
        UsageError: If one of them is impossible.
    """

    size: int = 256
    crop: Crop = "lungs"
    margin: float = 0.05
    clahe: Clahe | None = None
    outside: Literal["keep", "black"] = "keep"
    rule: Rule = field(default_factory=Rule)

    def __post_init__(self) -> None:
        if self.crop not in CROPS:
            msg = f"crop {self.crop!r}; one of {list(CROPS)} was expected"
            raise UsageError(msg)
        if not _SMALLEST <= self.size <= _LARGEST or not 0 <= self.margin <= 1:
            msg = (
                f"size {self.size} and margin {self.margin:g}; from {_SMALLEST} to {_LARGEST} "
                "pixels, and a share in [0, 1] were expected"
            )
            raise UsageError(msg)


@dataclass(frozen=True, eq=False)
class Piece:
    """A picture cut out of a slice; all planes (size, size).

    Attributes:
        region: Its name; blank for the whole.
        image: 0 black to 255 white.
        lung: 255 where there is lung of this region, else 0; None without a mask.
        lesion: 255 where there is infection, else 0; None without a mask.
        label: ``infected`` or ``clear``; blank where no mask of infection is known.
        lung_pixels: Of the slice, before resizing.
        infection_pixels: Likewise, inside the lung of the region; -1 if not known.
        stretch: Pixels of the slice to one of the picture, down and across.
    """

    region: str
    image: NDArray[np.uint8]
    lung: NDArray[np.uint8] | None
    lesion: NDArray[np.uint8] | None
    label: str
    lung_pixels: int
    infection_pixels: int
    stretch: tuple[float, float]


def cut(
    image: NDArray[np.uint8],
    lung: NDArray[Any] | None,
    lesion: NDArray[Any] | None,
    spec: CutSpec,
) -> tuple[list[Piece], list[tuple[str, str]]]:
    """Cut a slice.

    Args:
        image: (rows, columns), upright.
        lung: Likewise; above zero is lung. Needed unless the whole slice is kept.
        lesion: Likewise; above zero is infection. Without it nothing is labelled.
        spec: How.

    Returns:
        The pieces, and name and reason of the regions that are left out.

    Raises:
        PixelError: If a mask has another size than the slice, or one is needed and not there.
    """
    for mask in (lung, lesion):
        if mask is not None and mask.shape != image.shape:
            msg = (
                f"a mask of {mask.shape[0]} x {mask.shape[1]} pixels beside a slice of "
                f"{image.shape[0]} x {image.shape[1]}; the same size was expected"
            )
            raise PixelError(msg)
    if spec.crop != "none" and lung is None:
        msg = "a slice without a lung mask; only whole slices can be cut from it"
        raise PixelError(msg)
    bright = levelled_bytes(image, spec.clahe) if spec.clahe is not None else image
    in_lung = None if lung is None else lung > 0
    in_lesion = None if lesion is None else lesion > 0
    pieces, left_out = [], []
    for region in regions(in_lung, spec.crop):
        count = 0 if region.lung is None else int(np.count_nonzero(region.lung))
        label, infected = _label(region.lung, in_lesion, count, spec)
        if not count and spec.crop != "none":
            left_out.append((region.name, FEW if region.name else NO_LUNG))
        elif label not in {"", INFECTED, CLEAR}:
            left_out.append((region.name, label))
        else:
            box = _box(region.lung, image.shape, spec)
            pieces.append(
                Piece(
                    region=region.name,
                    image=_picture(bright, region.lung, box, spec),
                    lung=_nearest(region.lung, box, spec.size),
                    lesion=_nearest(in_lesion, box, spec.size),
                    label=label,
                    lung_pixels=count,
                    infection_pixels=infected,
                    stretch=(
                        (box.bottom - box.top) / spec.size,
                        (box.right - box.left) / spec.size,
                    ),
                )
            )
    return pieces, left_out


def _label(
    lung: Mask | None, lesion: Mask | None, count: int, spec: CutSpec
) -> tuple[str, int]:
    """Give the label, or why there is none, and the pixels of infection."""
    if lesion is None:
        few = spec.crop in {"left-right", "quadrants"} and count < spec.rule.lung
        return (FEW if few else ""), -1
    if spec.crop in {"none", "lungs"}:
        infected = int(np.count_nonzero(lesion))
        return verdict_of_slice(infected, spec.rule), infected
    infected = 0 if lung is None else int(np.count_nonzero(lesion & lung))
    return verdict(infected, count, spec.rule), infected


def _box(lung: Mask | None, shape: tuple[int, ...], spec: CutSpec) -> Box:
    if spec.crop == "none" or lung is None:
        return Box(0, shape[0], 0, shape[1])
    return lung_box(lung, (shape[0], shape[1]), spec.margin)


def _picture(
    bright: NDArray[np.uint8], lung: Mask | None, box: Box, spec: CutSpec
) -> NDArray[np.uint8]:
    inside = bright[box.top : box.bottom, box.left : box.right]
    if spec.outside == "black" and lung is not None:
        kept = lung[box.top : box.bottom, box.left : box.right]
        inside = np.where(kept, inside, np.uint8(0))
    # In [0, 1] as everywhere, so that a picture is what `pixels.prepare` would make of it.
    small = resize(inside.astype(np.float32) / np.float32(_WHITE), spec.size)
    return np.rint(np.clip(small, 0.0, 1.0) * _WHITE).astype(np.uint8)


def _nearest(mask: Mask | None, box: Box, size: int) -> NDArray[np.uint8] | None:
    if mask is None:
        return None
    inside = mask[box.top : box.bottom, box.left : box.right].astype(np.uint8) * _WHITE
    nearest = cv2.resize(inside, (size, size), interpolation=cv2.INTER_NEAREST_EXACT)
    return np.asarray(nearest, np.uint8)
