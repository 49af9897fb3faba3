"""Build the network a specification stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from leanlung.foundations.errors import NetworkError
from leanlung.networks.activations import give_activation
from leanlung.networks.backbones import backbone
from leanlung.networks.classifier import Classifier, head_of
from leanlung.networks.keras import keep_keras_conventions
from leanlung.networks.maps import count_maps
from leanlung.networks.outputs import give_output
from leanlung.networks.widths import resize

if TYPE_CHECKING:
    from torch import nn

    from leanlung.networks.backbones import Backbone
    from leanlung.networks.spec import NetworkSpec


def build(spec: NetworkSpec) -> Classifier:
    """Build a network with fresh weights, as wide as the specification says.

    Randomness comes from torch's global generator; seed it, or load weights afterwards.

    Args:
        spec: What to build; a pruned network's widths are applied too.

    Returns:
        The network, in training mode, on torch's default device; with ``output = "features"``
        without its last linear layer.

    Raises:
        NetworkError: If the backbone is unknown, has another head or gives no feature maps, a
            width does not fit it, or it has no last linear layer and shall give features.

    Examples:
        >>> from leanlung.networks import NetworkSpec, build, size_of
        >>> size_of(build(NetworkSpec("separable_cnn", classes=2, size=128)), 128).trainable
        47885
    """
    chosen = backbone(spec.backbone)
    _check_head(chosen, spec)
    trunk = chosen.trunk(spec.channels)
    give_activation(trunk, spec.activation, chosen)
    if spec.conventions == "keras":
        keep_keras_conventions(trunk, chosen.habits)
    network = Classifier(trunk, head_for(spec, trunk))
    give_output(network, spec)
    resize(network, spec.widths)
    return network


def outline(spec: NetworkSpec) -> Classifier:
    """Build a network for its shapes alone.

    Args:
        spec: Of the network.

    Returns:
        The network on torch's meta device, which holds no numbers; on the CPU where a library
        works numbers out while it builds. The global generator stays as it was.

    Raises:
        NetworkError: As `build` does.
    """
    try:
        with torch.device("meta"):
            return build(spec)
    except NotImplementedError:
        with torch.random.fork_rng(devices=[]):
            return build(spec)


def count_trainable(spec: NetworkSpec) -> int:
    """Count what training may change, without allocating any of it.

    With ``conventions="keras"`` it counts as keras does: BatchNorm's gammas are left out where
    keras has none.

    Args:
        spec: Of the network.

    Raises:
        NetworkError: As `build` does.

    Examples:
        >>> from leanlung.networks import NetworkSpec, count_trainable
        >>> count_trainable(NetworkSpec("vgg16", classes=3, head="fully_connected"))
        134272835
    """
    return trainable(outline(spec))


def trainable(network: nn.Module) -> int:
    """Count the parameters that training may change, shared ones once."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def head_for(spec: NetworkSpec, trunk: nn.Module) -> nn.Module:
    """Make the head of a specification, with fresh weights, for a trunk of its backbone."""
    chosen = backbone(spec.backbone)
    if chosen.head is not None:
        return chosen.head(spec.classes, spec.dropout)
    maps = chosen.maps or count_maps(trunk, chosen.name, spec.channels, spec.size)
    return head_of(spec.head, maps=maps, classes=spec.classes, dropout=spec.dropout)


def _check_head(chosen: Backbone, spec: NetworkSpec) -> None:
    if chosen.head is None and spec.head == "own":
        msg = (
            f"{chosen.name} is a trunk without a head of its own; choose head = 'linear', "
            "'radiograph', 'radiograph_separable' or 'fully_connected'"
        )
        raise NetworkError(msg)
    if chosen.head is not None and spec.head != "own":
        msg = f"{chosen.name} is a whole network; set head = 'own' instead of {spec.head!r}"
        raise NetworkError(msg)
