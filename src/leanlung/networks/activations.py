"""Activations: what may stand in the place of a trunk's ReLUs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from torch import nn

from leanlung.foundations.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Callable

    from leanlung.networks.backbones import Backbone
    from leanlung.networks.spec import Activation

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": partial(nn.ReLU, inplace=True),
    "leaky_relu": partial(nn.LeakyReLU, negative_slope=0.01, inplace=True),
    "elu": partial(nn.ELU, inplace=True),
    "selu": partial(nn.SELU, inplace=True),
    "gelu": nn.GELU,
    "silu": partial(nn.SiLU, inplace=True),
}


def give_activation(trunk: nn.Module, activation: Activation, chosen: Backbone) -> None:
    """Put an activation in the place of every ReLU of a trunk.

    Args:
        trunk: Changed in place; nothing of it is named otherwise.
        activation: One of `ACTIVATIONS`.
        chosen: What the trunk was made from.

    Raises:
        NetworkError: If there is none of that name, or the trunk comes with its own.

    Source: Rajaraman et al. 2020, section II-C, where the activation of the customised CNN is
        searched for; they do not say among which.
    """
    if activation not in ACTIVATIONS:
        msg = f"no activation {activation!r}; there are {list(ACTIVATIONS)}"
        raise NetworkError(msg)
    if activation == "relu":
        return
    if not chosen.any_activation:
        msg = (
            f"{chosen.name} comes with its own activation; {activation!r} is for separable_cnn"
        )
        raise NetworkError(msg)
    for layer in list(trunk.modules()):
        for name, inner in layer.named_children():
            if isinstance(inner, nn.ReLU):
                setattr(layer, name, ACTIVATIONS[activation]())
