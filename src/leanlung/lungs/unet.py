"""The U-Net: a film in, for every pixel the evidence that it is lung out."""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from leanlung.foundations.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

SIDE = 256
"""Of the square that a film is stretched to, in pixels."""


@dataclass(frozen=True)
class UNetSpec:
    """What a U-Net is built from.

    Attributes:
        width: Channels at the finest level; each coarser one has twice as many.
        fold: Squares of so many pixels a side become the channels of one place at the first
            level, and the last layer unfolds them again. The network reads and answers
            256 x 256 either way; the work shrinks with the square. 1 is the usual U-Net.
        levels: How often the picture is halved.
        dropout: Rate of the Gaussian dropout after every convolution of the encoder.
        batch_norm: Whether every 3 x 3 convolution is followed by BatchNorm.

    Raises:
        NetworkError: If no U-Net can be built so.

    Source: Rajaraman et al. 2020, section II-B (256 x 256, Gaussian dropout 0.2 after every
        convolution of the encoder); Ronneberger et al. 2015 has ``width=64, fold=1`` and no
        BatchNorm.
    """

    width: int = 16
    fold: int = 4
    levels: int = 4
    dropout: float = 0.2
    batch_norm: bool = True

    def __post_init__(self) -> None:
        if self.width < 1 or self.fold < 1 or self.levels < 1:
            msg = f"a U-Net of {self}; width, fold and levels are 1 or more"
            raise NetworkError(msg)
        if SIDE % (self.fold * 2**self.levels):
            msg = (
                f"{SIDE} pixels cannot be folded by {self.fold} and halved {self.levels}x; "
                "take fold 1, 2 or 4 and at most 6 levels"
            )
            raise NetworkError(msg)
        if not 0.0 <= self.dropout < 1.0:
            msg = f"dropout is a share in [0, 1); got {self.dropout}"
            raise NetworkError(msg)

    def as_dict(self) -> dict[str, Any]:
        """Give a value that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, entries: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gave.

        Raises:
            NetworkError: If an entry is unknown or out of range.
        """
        try:
            return cls(**entries)
        except TypeError as error:
            msg = f"no specification of a U-Net: {error}"
            raise NetworkError(msg) from error


class GaussianDropout(nn.Module):
    """Noise of mean 1 that activations are multiplied by while training.

    Its variance is ``rate / (1 - rate)``, that of dropout at the same rate, as in keras.

    Source: Srivastava et al. 2014, JMLR 15, section 10.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, activation: Tensor) -> Tensor:
        """Multiply by fresh noise while training; change nothing otherwise."""
        if not self.training or self.rate == 0.0:
            return activation
        noise = torch.empty_like(activation)
        # The generator is ten times slower on memory that is not in the tensor's own order.
        last = activation.is_contiguous(memory_format=torch.channels_last)
        ordered = noise.permute(0, 2, 3, 1) if last else noise
        ordered.normal_(1.0, (self.rate / (1.0 - self.rate)) ** 0.5)
        return activation * noise

    def extra_repr(self) -> str:
        """Tell the rate."""
        return f"rate={self.rate}"


class UNet(nn.Module):
    """Encoder and decoder with a bridge at every level.

    Attributes:
        spec: What it was built from.
    """

    def __init__(self, spec: UNetSpec) -> None:
        super().__init__()
        self.spec = spec
        folded, levels = spec.fold**2, range(spec.levels)
        widths = [spec.width * 2**level for level in range(spec.levels + 1)]
        entering = [folded, *widths]
        self.encoder = nn.ModuleList(
            _block(before, width, spec, spec.dropout)
            for before, width in zip(entering, widths, strict=False)
        )
        self.enlarge = nn.ModuleList(
            nn.ConvTranspose2d(widths[n + 1], widths[n], 2, stride=2) for n in levels
        )
        self.decoder = nn.ModuleList(
            _block(2 * widths[n], widths[n], spec, 0.0) for n in levels
        )
        self.answer = nn.Conv2d(widths[0], folded, 1)

    def forward(self, films: Tensor) -> Tensor:
        """Give logits.

        Args:
            films: (N, 1, 256, 256), in [0, 1]; each is standardised by its own mean and
                deviation.

        Returns:
            (N, 1, 256, 256); above 0 is lung.
        """
        found = F.pixel_unshuffle(standardised(films), self.spec.fold)
        found = found.contiguous(memory_format=torch.channels_last)
        bridges: list[Tensor] = []
        for block in self.encoder:
            found = block(F.max_pool2d(found, 2) if bridges else found)
            bridges.append(found)
        for level in reversed(range(self.spec.levels)):
            found = torch.cat([bridges[level], self.enlarge[level](found)], dim=1)
            found = self.decoder[level](found)
        return F.pixel_shuffle(self.answer(found), self.spec.fold)


def standardised(films: Tensor) -> Tensor:
    """Give each film of (N, 1, H, W) mean 0 and deviation near 1; a plain one becomes 0."""
    mean = films.mean((1, 2, 3), keepdim=True)
    deviation = films.std((1, 2, 3), keepdim=True, correction=0)
    return (films - mean) / (deviation + 0.02)


def fused(network: UNet) -> UNet:
    """Give a copy for use alone: BatchNorm is calculated into the convolutions before it."""
    copied = copy.deepcopy(network).eval()
    for blocks in (copied.encoder, copied.decoder):
        for place, block in enumerate(blocks):
            layers: list[nn.Module] = []
            for layer in block.children():
                if isinstance(layer, nn.BatchNorm2d) and isinstance(layers[-1], nn.Conv2d):
                    layers[-1] = fuse_conv_bn_eval(layers[-1], layer)
                elif not isinstance(layer, GaussianDropout):
                    layers.append(layer)
            blocks[place] = nn.Sequential(*layers)
    return copied.to(memory_format=torch.channels_last)


def _block(before: int, width: int, spec: UNetSpec, dropout: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    for entering in (before, width):
        layers.append(nn.Conv2d(entering, width, 3, padding=1, bias=not spec.batch_norm))
        if spec.batch_norm:
            layers.append(nn.BatchNorm2d(width))
        layers.append(nn.ReLU(inplace=True))
        if dropout > 0.0:
            layers.append(GaussianDropout(dropout))
    return nn.Sequential(*layers)
