"""A classifier: a trunk of convolutions and the head that turns its maps into logits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

    from leanlung.networks.spec import Head

RADIOGRAPH_MAPS = 1024


class Classifier(nn.Module):
    """A trunk and a head.

    Attributes:
        trunk: Images to feature maps, (N, C, H, W).
        head: Feature maps to logits, (N, classes).
    """

    def __init__(self, trunk: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = head

    def forward(self, images: Tensor) -> Tensor:
        """Give logits, (N, classes), for standardised images, (N, channels, size, size)."""
        logits: Tensor = self.head(self.trunk(images))
        return logits


def head_of(kind: Head, *, maps: int, classes: int, dropout: float) -> nn.Sequential:
    """Make a head.

    Args:
        kind: ``linear`` or ``radiograph``; see `NetworkSpec.head`.
        maps: Channels that the trunk gives.
        classes: Outputs.
        dropout: Share of features dropped while training.

    Returns:
        Layers from feature maps to logits.

    Source: Rajaraman et al. 2020, section II-C and figure 4: zero-padding, convolution with
        1,024 maps, global average, dropout, dense. A ReLU follows the convolution, without
        which its units would have no zeros to count; the paper does not name it.
    """
    layers: list[nn.Module] = []
    if kind == "radiograph":
        layers = [
            nn.ZeroPad2d(1),
            nn.Conv2d(maps, RADIOGRAPH_MAPS, kernel_size=3),
            nn.ReLU(inplace=True),
        ]
        maps = RADIOGRAPH_MAPS
    layers += [
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(maps, classes),
    ]
    return nn.Sequential(*layers)
