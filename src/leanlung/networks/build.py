"""Build the network a specification stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.networks.backbones import backbone
from leanlung.networks.classifier import Classifier, head_of
from leanlung.networks.keras import keep_keras_conventions
from leanlung.networks.widths import resize

if TYPE_CHECKING:
    from leanlung.networks.spec import NetworkSpec


def build(spec: NetworkSpec) -> Classifier:
    """Build a network with fresh weights, as wide as the specification says.

    Randomness comes from torch's global generator; seed it, or load weights afterwards.

    Args:
        spec: What to build; a pruned network's widths are applied too.

    Returns:
        The network, in training mode, on torch's default device.

    Raises:
        NetworkError: If the backbone is unknown or a width does not fit it.

    Examples:
        >>> from leanlung.networks import NetworkSpec, build, size_of
        >>> size_of(build(NetworkSpec("separable_cnn", classes=2, size=128)), 128).trainable
        47885
    """
    chosen = backbone(spec.backbone)
    trunk = chosen.trunk(spec.channels)
    if spec.conventions == "keras":
        keep_keras_conventions(trunk)
    head = head_of(spec.head, maps=chosen.maps, classes=spec.classes, dropout=spec.dropout)
    network = Classifier(trunk, head)
    resize(network, spec.widths)
    return network
