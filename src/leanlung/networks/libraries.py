"""Libraries: trunks and ImageNet weights of torchvision and timm, by the names used there."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from torch import nn
from torchvision import models

from leanlung.networks.maps import cut_behind_maps

if TYPE_CHECKING:
    from torch import Tensor

LIBRARIES = ("timm", "torchvision")

_INCEPTIONS = {"inception_v3", "googlenet"}
"""They have further classifiers half way, and warn unless told how to begin."""


def names_in(library: str) -> list[str]:
    """List the classifiers of a library; timm's with and without the tag of their weights."""
    if library == "torchvision":
        return list(models.list_models(module=models))
    import timm

    return [*timm.list_models(), *timm.list_pretrained()]


def torchvision_classifier(name: str) -> nn.Module:
    """Make a classifier of torchvision for three channels, with fresh weights."""
    options = {"aux_logits": False, "init_weights": True} if name in _INCEPTIONS else {}
    network: nn.Module = models.get_model(name, weights=None, **options)
    return network


def torchvision_trunk(name: str, channels: int) -> nn.Module:
    """Make what leads to the last feature maps of any classifier of torchvision.

    Args:
        name: As in ``torchvision.models.list_models``.
        channels: Of the input.

    Returns:
        Images to maps; tensors are named as in torchvision.

    Raises:
        NetworkError: If it has no feature maps.
    """
    trunk = cut_behind_maps(torchvision_classifier(name), f"torchvision/{name}")
    return with_channels(trunk, channels)


def torchvision_features(name: str, channels: int) -> nn.Module:
    """Make the part that torchvision itself calls ``features``."""
    return with_channels(torchvision_classifier(name).get_submodule("features"), channels)


def densenet_features(name: str, channels: int) -> nn.Module:
    """Make a DenseNet's ``features`` with the activation that torchvision puts behind them."""
    trunk = torchvision_features(name, channels)
    trunk.add_module("relu5", nn.ReLU(inplace=True))
    return trunk


def inception_features(channels: int) -> nn.Module:
    """Make the row of layers and blocks before torchvision's Inception-V3 averages."""
    parts = torchvision_classifier("inception_v3").named_children()
    ends = {"avgpool", "dropout", "fc"}
    row = OrderedDict((name, part) for name, part in parts if name not in ends)
    return with_channels(nn.Sequential(row), channels)


def timm_trunk(name: str, channels: int) -> nn.Module:
    """Make a network of timm without pooling and classifier.

    Args:
        name: As in ``timm.list_models`` or ``timm.list_pretrained``.
        channels: Of the input.

    Returns:
        Images to maps; tensors are named as in timm.
    """
    import timm

    trunk: nn.Module = timm.create_model(
        name, pretrained=False, in_chans=channels, num_classes=0, global_pool=""
    )
    return trunk


def torchvision_weights(name: str, version: str = "DEFAULT") -> dict[str, Tensor]:
    """Download, or find in torch's cache, the weights torchvision offers.

    Args:
        name: Of the network.
        version: Of its weights, such as ``IMAGENET1K_V1``.

    Raises:
        OSError: If they cannot be downloaded.
    """
    weights = getattr(models.get_model_weights(name), version)
    # The model's tensors, not the file's: those of DenseNet's files have older names.
    return dict(models.get_model(name, weights=weights, progress=False).state_dict())


def timm_weights(name: str) -> dict[str, Tensor]:
    """Download, or find in its cache, the weights timm offers.

    Raises:
        OSError: If they cannot be downloaded; timm tries for about a minute.
    """
    import timm

    network = timm.create_model(name, pretrained=True, num_classes=0, global_pool="")
    return dict(network.state_dict())


def has_weights(library: str, name: str) -> bool:
    """Tell whether a library offers weights for one of its networks."""
    if library == "torchvision":
        return len(models.get_model_weights(name)) > 0
    import timm

    return bool(timm.is_model_pretrained(name))


def with_channels(trunk: nn.Module, channels: int) -> nn.Module:
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
