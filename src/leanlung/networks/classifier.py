"""A classifier: a trunk of convolutions and the head that turns its maps into logits."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from leanlung.networks.spec import Head

RADIOGRAPH_MAPS = 1024
PLACES, HIDDEN = 7, 4096
"""Places that VGG's fully connected layers read along each axis; how wide they are."""


class Classifier(nn.Module):
    """A trunk and a head.

    Attributes:
        trunk: Images to feature maps, (N, C, H, W), or to several tensors of them for a head
            of its own.
        head: What the trunk gives to logits, (N, classes).
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
        kind: ``linear``, ``radiograph``, ``radiograph_separable`` or ``fully_connected``; see
            `NetworkSpec.head`.
        maps: Channels that the trunk gives.
        classes: Outputs.
        dropout: Share of features dropped while training.

    Returns:
        Layers from feature maps to logits.

    Source: Rajaraman et al. 2020, section II-C and figure 4: zero-padding, convolution with
        1,024 maps, global average, dropout, dense. A ReLU follows the convolution, without
        which its units would have no zeros to count; the paper does not name it. Nor does it
        say how much is padded: one place before 3 x 3, two before the strided 5 x 5, so that
        trunks of any depth leave it a place. Its separable form has no bias between its two
        convolutions, as keras's has none.
        Simonyan & Zisserman 2015 for the fully connected layers.
    """
    if kind == "fully_connected":
        return _fully_connected(maps, classes, dropout)
    layers: list[nn.Module] = []
    if kind in _RADIOGRAPH:
        layers = [*_RADIOGRAPH[kind](maps), nn.ReLU(inplace=True)]
        maps = RADIOGRAPH_MAPS
    layers += [
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(maps, classes),
    ]
    return nn.Sequential(*layers)


def _dense(maps: int) -> list[nn.Module]:
    """Make the convolution that the published parameter counts hold."""
    return [nn.ZeroPad2d(1), nn.Conv2d(maps, RADIOGRAPH_MAPS, kernel_size=3)]


def _separable(maps: int) -> list[nn.Module]:
    """Make the convolution that the text describes."""
    return [
        nn.ZeroPad2d(2),
        nn.Conv2d(maps, maps, kernel_size=5, stride=2, groups=maps, bias=False),
        nn.Conv2d(maps, RADIOGRAPH_MAPS, kernel_size=1),
    ]


_RADIOGRAPH: dict[str, Callable[[int], list[nn.Module]]] = {
    "radiograph": _dense,
    "radiograph_separable": _separable,
}


def _fully_connected(maps: int, classes: int, dropout: float) -> nn.Sequential:
    """Make VGG's three dense layers; 224 pixels give the 7 x 7 places that they read."""
    return nn.Sequential(
        OrderedDict(
            pool=nn.AdaptiveAvgPool2d(PLACES),
            flatten=nn.Flatten(),
            fc1=nn.Linear(maps * PLACES * PLACES, HIDDEN),
            relu1=nn.ReLU(inplace=True),
            dropout1=nn.Dropout(dropout),
            fc2=nn.Linear(HIDDEN, HIDDEN),
            relu2=nn.ReLU(inplace=True),
            dropout2=nn.Dropout(dropout),
            output=nn.Linear(HIDDEN, classes),
        )
    )
