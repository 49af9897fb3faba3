"""Backbones: the trunks that can be asked for by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn
from torchvision import models

from leanlung.foundations.errors import NetworkError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.networks.separable import WIDTHS, separable_trunk

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


@dataclass(frozen=True)
class Backbone:
    """A trunk that can be asked for by name.

    Attributes:
        name: As in a recipe.
        library: Whose implementation it is.
        maps: Channels of its last feature maps.
        trunk: Makes it with fresh weights, for images of so many channels.
        imagenet: Downloads (or finds in the library's cache) ImageNet weights by parameter
            name of the library; None where nobody offers any.
        layout: Prefix of the trunk's parameters in the library's own naming.
        about: One line for a listing.
    """

    name: str
    library: str
    maps: int
    trunk: Callable[[int], nn.Module]
    imagenet: Callable[[], dict[str, Tensor]] | None
    layout: str
    about: str


def backbone(name: str) -> Backbone:
    """Look a backbone up.

    Raises:
        NetworkError: If there is none of that name; the message lists them.
    """
    try:
        return BACKBONES[name]
    except KeyError:
        hint = did_you_mean(name, BACKBONES)
        msg = f"no backbone {name!r}; there are {sorted(BACKBONES)}{hint}"
        raise NetworkError(msg) from None


def _vgg(make: Callable[..., models.VGG]) -> Callable[[int], nn.Module]:
    return lambda channels: _with_channels(make().features, channels)


def _mobilenet_v2(channels: int) -> nn.Module:
    return _with_channels(models.mobilenet_v2().features, channels)


def _with_channels(trunk: nn.Module, channels: int) -> nn.Module:
    """Let the first convolution read another number of channels than three."""
    name, first = next((n, m) for n, m in trunk.named_modules() if isinstance(m, nn.Conv2d))
    if first.in_channels != channels:
        replacement = nn.Conv2d(
            channels,
            first.out_channels,
            kernel_size=first.kernel_size,  # type: ignore[arg-type]
            stride=first.stride,  # type: ignore[arg-type]
            padding=first.padding,  # type: ignore[arg-type]
            bias=first.bias is not None,
        )
        trunk.set_submodule(name, replacement)
    return trunk


def _torchvision(weights: models.WeightsEnum) -> Callable[[], dict[str, Tensor]]:
    return lambda: dict(weights.get_state_dict(progress=False))


BACKBONES: dict[str, Backbone] = {
    entry.name: entry
    for entry in (
        Backbone(
            name="vgg16",
            library="torchvision",
            maps=512,
            trunk=_vgg(models.vgg16),
            imagenet=_torchvision(models.VGG16_Weights.IMAGENET1K_V1),
            layout="features.",
            about="13 convolutions of 3 x 3 (Simonyan & Zisserman 2015)",
        ),
        Backbone(
            name="vgg19",
            library="torchvision",
            maps=512,
            trunk=_vgg(models.vgg19),
            imagenet=_torchvision(models.VGG19_Weights.IMAGENET1K_V1),
            layout="features.",
            about="16 convolutions of 3 x 3 (Simonyan & Zisserman 2015)",
        ),
        Backbone(
            name="mobilenet_v2",
            library="torchvision",
            maps=1280,
            trunk=_mobilenet_v2,
            imagenet=_torchvision(models.MobileNet_V2_Weights.IMAGENET1K_V1),
            layout="features.",
            about="inverted residuals with linear bottlenecks (Sandler et al. 2018)",
        ),
        Backbone(
            name="separable_cnn",
            library="leanlung",
            maps=WIDTHS[-1],
            trunk=separable_trunk,
            imagenet=None,
            layout="trunk.",
            about="three strided separable convolutions (Rajaraman et al. 2020, figure 3)",
        ),
    )
}
