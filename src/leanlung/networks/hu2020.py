"""The CT network of Hu et al. 2020: a half-width VGG-16 that answers at three scales."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

BLOCKS = ((32, 32), (64, 64), (128, 128, 128), (256, 256, 256), (256, 256, 256))
MAPS = (128, 256, 256)
"""Channels of the maps behind the third, fourth and fifth pooling."""

Scales = tuple["Tensor", ...]


def hu2020_trunk(channels: int) -> nn.Module:
    """Make the trunk: blocks of 3 x 3 convolution, BatchNorm and ReLU, each pooled by two.

    Args:
        channels: Of the input; theirs is grey, 224 pixels high and wide.

    Returns:
        Images to three tensors of maps, at an eighth, a sixteenth and a thirty-second of
        their size.

    Source: Hu et al. 2020 (IEEE Access 8) and their released code, which has the biases.
    """
    return _Hu2020Trunk(channels)


def hu2020_head(classes: int, dropout: float) -> nn.Module:
    """Make the head: at each scale a map for each class, of which the largest value counts.

    With two classes and grey images the whole network has 3,685,106 trainable parameters,
    with three 3,685,755.

    Args:
        classes: Outputs.
        dropout: Share of the class maps' values dropped while training; theirs is 0.5.

    Returns:
        Three tensors of maps to the mean of their logits, (N, classes). Like theirs it is
        trained with the mean of three losses, one a scale, which ``logits_by_scale`` gives the
        logits for, and answers with the mean of the logits.
    """
    return _Hu2020Head(classes, dropout)


class _Hu2020Trunk(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList()
        for widths in BLOCKS:
            layers: list[nn.Module] = []
            for width in widths:
                layers += [
                    nn.Conv2d(channels, width, 3, padding=1),
                    nn.BatchNorm2d(width),
                    nn.ReLU(inplace=True),
                ]
                channels = width
            self.blocks.append(nn.Sequential(*layers, nn.MaxPool2d(2)))

    def forward(self, images: Tensor) -> Scales:
        given = []
        for block in self.blocks:
            images = block(images)
            given.append(images)
        return tuple(given[-len(MAPS) :])


class _Hu2020Head(nn.Module):
    def __init__(self, classes: int, dropout: float) -> None:
        super().__init__()
        self.scales = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(maps, classes, 1),
                nn.BatchNorm2d(classes),
                nn.ReLU(inplace=True),
                nn.Dropout(dropout),
                nn.AdaptiveMaxPool2d(1),
                nn.Flatten(),
            )
            for maps in MAPS
        )

    def forward(self, scales: Scales) -> Tensor:
        first, second, third = self.logits_by_scale(scales)
        mean: Tensor = (first + second + third) / 3
        return mean

    def logits_by_scale(self, scales: Scales) -> Scales:
        """Give the logits of each scale, (N, classes), whose mean is the answer."""
        return tuple(head(maps) for head, maps in zip(self.scales, scales, strict=True))
