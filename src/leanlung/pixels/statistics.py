"""Statistics of pixels, and the standardisation they serve."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import torch

from leanlung.foundations.errors import PixelError

if TYPE_CHECKING:
    from torch import Tensor

    from leanlung.pixels.image_set import ImageSet
    from leanlung.pixels.spec import PixelSpec

_WHITE = 255.0
_CHUNK = 256


@dataclass(frozen=True)
class PixelStatistics:
    """What is subtracted from pixel values in [0, 1], and what they are divided by."""

    mean: float
    deviation: float

    def as_dict(self) -> dict[str, float]:
        """Give a value that JSON can hold."""
        return asdict(self)


def pixel_statistics(images: ImageSet, spec: PixelSpec) -> PixelStatistics:
    """Find what standardises the images.

    Args:
        images: Of the training part alone; not looked at for ``symmetric``.
        spec: Says which way.

    Returns:
        Mean and standard deviation of all pixels, in [0, 1].

    Raises:
        PixelError: If there is no image or all pixels are alike.
    """
    if spec.standardise == "symmetric":
        return PixelStatistics(mean=0.5, deviation=0.5)
    if not len(images):
        msg = "there are no training images; nothing to learn from"
        raise PixelError(msg)
    counts = torch.zeros(256, dtype=torch.int64)
    for start in range(0, len(images), _CHUNK):
        chunk = images.take(range(start, min(start + _CHUNK, len(images))))
        counts += torch.bincount(chunk.flatten().cpu(), minlength=256)
    values = torch.arange(256, dtype=torch.float64) / _WHITE
    share = counts.double() / counts.sum()
    mean = float((share * values).sum())
    deviation = float((share * (values - mean) ** 2).sum().sqrt())
    if deviation == 0.0:
        msg = f"all pixels of the {len(images)} training images are alike; nothing to learn"
        raise PixelError(msg)
    return PixelStatistics(mean, deviation)


def standardise(images: Tensor, statistics: PixelStatistics, channels: int) -> Tensor:
    """Turn values in [0, 1] into what a network reads.

    Args:
        images: (N, 1, H, W), float.
        statistics: Of the training part.
        channels: The grey plane is repeated so often.

    Returns:
        (N, channels, H, W).
    """
    return ((images - statistics.mean) / statistics.deviation).expand(-1, channels, -1, -1)
