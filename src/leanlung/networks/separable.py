"""The separable CNN: three strided separable convolutions, trained from scratch."""

from __future__ import annotations

from torch import nn

WIDTHS = (64, 128, 256)


def separable_trunk(channels: int, widths: tuple[int, ...] = WIDTHS) -> nn.Sequential:
    """Make the trunk of the customised CNN.

    Each step is a 5 x 5 depthwise convolution of stride 2 without bias, a 1 x 1 convolution
    with bias, BatchNorm and ReLU. With a linear head for two classes it has 47,885 trainable
    parameters.

    Args:
        channels: Of the input.
        widths: Output channels of each step.

    Returns:
        Images to maps of an eighth of their size.

    Source: Rajaraman et al. 2020, figure 3 and Table III. The text starts at 32 maps and names
        no BatchNorm; 64, 128 and 256 maps with BatchNorm are what gives the printed count.
    """
    steps: list[nn.Module] = []
    for width in widths:
        steps += [
            nn.Conv2d(channels, channels, 5, stride=2, padding=2, groups=channels, bias=False),
            nn.Conv2d(channels, width, 1),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        ]
        channels = width
    return nn.Sequential(*steps)
