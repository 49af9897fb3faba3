"""Backbones: the trunks that can be asked for by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from leanlung.foundations.errors import NetworkError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.networks import hu2020, narrow_vgg, nasnet, shahabade2025
from leanlung.networks.keras import HABITS, Habits
from leanlung.networks.libraries import (
    LIBRARIES,
    densenet_features,
    has_weights,
    inception_features,
    names_in,
    timm_trunk,
    timm_weights,
    torchvision_features,
    torchvision_trunk,
    torchvision_weights,
)
from leanlung.networks.separable import WIDTHS, separable_trunk

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn


@dataclass(frozen=True)
class Backbone:
    """A trunk that can be asked for by name.

    Attributes:
        name: As in a recipe.
        library: Whose implementation it is.
        maps: Channels of its last feature maps; None where running it tells.
        trunk: Makes it with fresh weights, for images of so many channels.
        imagenet: Downloads (or finds in the library's cache) ImageNet weights by parameter
            name of the library; None where neither torchvision nor timm offers any.
        layout: Prefix of the trunk's parameters in the library's own naming; may be empty.
        about: One line for a listing.
        head: Makes the head of a whole network, for so many classes and such a dropout; None
            for a trunk, which takes any head.
        habits: What keras does otherwise in this very network.
        any_activation: Whether something else may stand in the place of its ReLUs.
    """

    name: str
    library: str
    maps: int | None
    trunk: Callable[[int], nn.Module]
    imagenet: Callable[[], dict[str, Tensor]] | None
    layout: str
    about: str
    head: Callable[[int, float], nn.Module] | None = None
    habits: Habits = HABITS
    any_activation: bool = False


def backbone(name: str) -> Backbone:
    """Look a backbone up.

    Args:
        name: One of `BACKBONES`, or ``timm/NAME`` or ``torchvision/NAME`` for any classifier
            of these libraries that gives feature maps.

    Raises:
        NetworkError: If there is none of that name; the message says which there are.
    """
    if name in BACKBONES:
        return BACKBONES[name]
    library, _, of_library = name.partition("/")
    if library in LIBRARIES and of_library:
        return _of_library(library, of_library)
    hint = did_you_mean(name, BACKBONES)
    msg = (
        f"no backbone {name!r}; there are {sorted(BACKBONES)}, timm/NAME and "
        f"torchvision/NAME{hint}"
    )
    raise NetworkError(msg)


def _of_library(library: str, name: str) -> Backbone:
    known = names_in(library)
    if name not in known:
        hint = did_you_mean(name, known)
        msg = f"{library} has no classifier {name!r}{hint or f'; see {library}.list_models'}"
        raise NetworkError(msg)
    make, load = (
        (timm_trunk, timm_weights)
        if library == "timm"
        else (torchvision_trunk, torchvision_weights)
    )
    return Backbone(
        name=f"{library}/{name}",
        library=library,
        maps=None,
        trunk=partial(make, name),
        imagenet=partial(load, name) if has_weights(library, name) else None,
        layout="",
        about=f"as {library} has it",
    )


_FIRST = "IMAGENET1K_V1"

BACKBONES: dict[str, Backbone] = {
    entry.name: entry
    for entry in (
        Backbone(
            name="vgg16",
            library="torchvision",
            maps=512,
            trunk=partial(torchvision_features, "vgg16"),
            imagenet=partial(torchvision_weights, "vgg16", _FIRST),
            layout="features.",
            about="13 convolutions of 3 x 3 (Simonyan & Zisserman 2015)",
        ),
        Backbone(
            name="vgg19",
            library="torchvision",
            maps=512,
            trunk=partial(torchvision_features, "vgg19"),
            imagenet=partial(torchvision_weights, "vgg19", _FIRST),
            layout="features.",
            about="16 convolutions of 3 x 3 (Simonyan & Zisserman 2015)",
        ),
        Backbone(
            name="inception_v3",
            library="torchvision",
            maps=2048,
            trunk=inception_features,
            imagenet=partial(torchvision_weights, "inception_v3", _FIRST),
            layout="",
            about="factorised inception blocks (Szegedy et al. 2016); at least 75 pixels",
            habits=Habits(gamma=False),
        ),
        Backbone(
            name="xception",
            library="timm",
            maps=2048,
            trunk=partial(timm_trunk, "legacy_xception"),
            imagenet=partial(timm_weights, "legacy_xception"),
            layout="",
            about="separable convolutions with shortcuts (Chollet 2017)",
        ),
        Backbone(
            name="inception_resnet_v2",
            library="timm",
            maps=1536,
            trunk=partial(timm_trunk, "inception_resnet_v2"),
            imagenet=partial(timm_weights, "inception_resnet_v2"),
            layout="",
            about="inception blocks with shortcuts (Szegedy et al. 2017); at least 75 pixels",
            habits=Habits(gamma=False),
        ),
        Backbone(
            name="mobilenet",
            library="timm",
            maps=1024,
            trunk=partial(timm_trunk, "mobilenetv1_100"),
            imagenet=partial(timm_weights, "mobilenetv1_100"),
            layout="",
            about="MobileNet-V1, depthwise separable convolutions (Howard et al. 2017)",
        ),
        Backbone(
            name="mobilenet_v2",
            library="torchvision",
            maps=1280,
            trunk=partial(torchvision_features, "mobilenet_v2"),
            imagenet=partial(torchvision_weights, "mobilenet_v2", _FIRST),
            layout="features.",
            about="inverted residuals with linear bottlenecks (Sandler et al. 2018)",
        ),
        Backbone(
            name="densenet121",
            library="torchvision",
            maps=1024,
            trunk=partial(densenet_features, "densenet121"),
            imagenet=partial(torchvision_weights, "densenet121", _FIRST),
            layout="features.",
            about="every layer reads all before it, 121 layers (Huang et al. 2017)",
            habits=Habits(same_padding=False),
        ),
        Backbone(
            name="densenet201",
            library="torchvision",
            maps=1920,
            trunk=partial(densenet_features, "densenet201"),
            imagenet=partial(torchvision_weights, "densenet201", _FIRST),
            layout="features.",
            about="every layer reads all before it, 201 layers (Huang et al. 2017)",
            habits=Habits(same_padding=False),
        ),
        Backbone(
            name="nasnet_mobile",
            library="leanlung",
            maps=nasnet.MAPS,
            trunk=nasnet.nasnet_trunk,
            imagenet=None,
            layout="",
            about="NASNet-A, cells found by search (Zoph et al. 2018)",
        ),
        Backbone(
            name="separable_cnn",
            library="leanlung",
            maps=WIDTHS[-1],
            trunk=separable_trunk,
            imagenet=None,
            layout="trunk.",
            about="three strided separable convolutions (Rajaraman et al. 2020, figure 3)",
            any_activation=True,
        ),
        Backbone(
            name="vgg16_quarter",
            library="leanlung",
            maps=narrow_vgg.WIDTHS[-1][-1],
            trunk=narrow_vgg.narrow_vgg_trunk,
            imagenet=None,
            layout="trunk.",
            about="VGG-16 at a quarter of its widths, for machines without a GPU",
        ),
        Backbone(
            name="hu2020",
            library="leanlung",
            maps=hu2020.MAPS[-1],
            trunk=hu2020.hu2020_trunk,
            imagenet=None,
            layout="trunk.",
            about="whole CT network: half-width VGG-16, three scales (Hu et al. 2020)",
            head=hu2020.hu2020_head,
        ),
        Backbone(
            name="shahabade2025",
            library="leanlung",
            maps=shahabade2025.WIDTHS[-1],
            trunk=shahabade2025.shahabade2025_trunk,
            imagenet=None,
            layout="trunk.",
            about="whole CT network: five convolutions, three branches (Shahabade 2025)",
            head=shahabade2025.shahabade2025_head,
        ),
    )
}
