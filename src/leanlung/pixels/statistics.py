"""Statistics of pixels, and the standardisation they serve."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch

from leanlung.foundations.errors import PixelError

if TYPE_CHECKING:
    from torch import Tensor

    from leanlung.pixels.image_set import ImageSet
    from leanlung.pixels.spec import PixelSpec

_WHITE = 255.0
_CHUNK = 256
_IMAGENET = (123.68, 116.779, 103.939)
"""Mean red, green and blue of ImageNet's training part, of 255 (Simonyan & Zisserman 2015)."""


@dataclass(frozen=True)
class PixelStatistics:
    """What is subtracted from pixel values in [0, 1], and what they are divided by.

    Attributes:
        mean: One for all channels, or one for each.
        deviation: Of all channels.
    """

    mean: float | tuple[float, ...]
    deviation: float

    def as_dict(self) -> dict[str, Any]:
        """Give a value that JSON can hold."""
        return asdict(self)

    @property
    def channels(self) -> int | None:
        """How many channels a network must read; None where any number will do."""
        return len(self.mean) if isinstance(self.mean, tuple) else None


def pixel_statistics(images: ImageSet, spec: PixelSpec) -> PixelStatistics:
    """Find what standardises the images.

    Args:
        images: Of the training part alone; looked at for ``training`` alone.
        spec: Says which way.

    Returns:
        Mean and standard deviation of all pixels, in [0, 1].

    Raises:
        PixelError: If there is no image or all pixels are alike.
    """
    if spec.standardise == "symmetric":
        return PixelStatistics(mean=0.5, deviation=0.5)
    if spec.standardise in {"imagenet_mean", "imagenet_mean_bgr"}:
        order = _IMAGENET if spec.standardise == "imagenet_mean" else _IMAGENET[::-1]
        # 255 x - mean, as (x - mean / 255) / (1 / 255).
        return PixelStatistics(tuple(one / _WHITE for one in order), 1.0 / _WHITE)
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

    Raises:
        PixelError: If there is a mean for each of another number of channels.
    """
    mean: float | Tensor
    if isinstance(statistics.mean, tuple):
        if len(statistics.mean) != channels:
            msg = (
                f"a mean for each of {len(statistics.mean)} channels and a network that reads "
                f"{channels}; set network.channels = {len(statistics.mean)}"
            )
            raise PixelError(msg)
        mean = torch.tensor(statistics.mean, dtype=images.dtype, device=images.device)
        mean = mean.reshape(1, -1, 1, 1)
    else:
        mean = statistics.mean
    return ((images - mean) / statistics.deviation).expand(-1, channels, -1, -1)
