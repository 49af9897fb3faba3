"""The output of a network: its last linear layer, or the features in front of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from leanlung.foundations.errors import NetworkError
from leanlung.networks.classifier import Classifier

if TYPE_CHECKING:
    from leanlung.networks.spec import NetworkSpec


def last_layer(network: nn.Module) -> str:
    """Name the last linear layer, the one that turns features into logits.

    Args:
        network: A `Classifier` whose head ends with a linear layer; of another network, the
            linear layer that its modules list last is taken for it.

    Raises:
        NetworkError: If there is none.
    """
    if isinstance(network, Classifier):
        head = network.head
        inner = list(head.named_children()) if isinstance(head, nn.Sequential) else []
        if inner and isinstance(inner[-1][1], nn.Linear):
            return f"head.{inner[-1][0]}"
    else:
        linear = [name for name, one in network.named_modules() if isinstance(one, nn.Linear)]
        if linear and linear[-1]:
            return str(linear[-1])
    msg = (
        f"the {type(network).__name__} does not end with a linear layer, in front of which "
        "features could be read; choose head = 'linear', 'radiograph', 'radiograph_separable' "
        "or 'fully_connected'"
    )
    raise NetworkError(msg)


def drop_last_layer(network: nn.Module) -> str:
    """Put an identity in the place of the last linear layer: the network gives features.

    Args:
        network: Changed in place.

    Returns:
        Name of the layer that is gone.

    Raises:
        NetworkError: If there is none.
    """
    name = last_layer(network)
    owner, _, own = name.rpartition(".")
    setattr(network.get_submodule(owner), own, nn.Identity())
    return name


def give_output(network: Classifier, spec: NetworkSpec) -> None:
    """Let a freshly built network give what its specification says.

    Raises:
        NetworkError: If it shall give features and does not end with a linear layer.
    """
    if spec.output == "features":
        drop_last_layer(network)
