"""The narrow VGG: VGG-16 at a quarter of its widths, trained from scratch."""

from __future__ import annotations

from torch import nn

WIDTHS = ((16, 16), (32, 32), (64, 64, 64), (128, 128, 128), (128, 128, 128))
"""Of every convolution, block by block; VGG-16 has four times as many."""


def narrow_vgg_trunk(
    channels: int, widths: tuple[tuple[int, ...], ...] = WIDTHS
) -> nn.Sequential:
    """Make the 13 convolutions of VGG-16, narrower.

    Every 3 x 3 convolution keeps the size of its maps and is followed by a ReLU, every block by
    a maximum over 2 x 2 places. Weights begin as He et al. 2015 have it, without which a signal
    does not get through 13 layers that nothing normalises.

    Args:
        channels: Of the input.
        widths: Output channels of each convolution, block by block.

    Returns:
        Images to maps of a 32nd of their size.

    Source: Simonyan & Zisserman 2015, configuration D, for the shape.
    """
    layers: list[nn.Module] = []
    for block in widths:
        for width in block:
            convolution = nn.Conv2d(channels, width, kernel_size=3, padding=1)
            nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
            nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]
            layers += [convolution, nn.ReLU(inplace=True)]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)
