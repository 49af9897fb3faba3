"""Scales: the logits a network is trained by, where its answer is the mean of several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.networks.classifier import Classifier

if TYPE_CHECKING:
    from torch import Tensor, nn


def logits_by_scale(network: nn.Module, images: Tensor) -> tuple[Tensor, ...]:
    """Give the logits of every scale of a network.

    A network that answers at several scales is trained at each of them: the loss of the mean
    would be small as soon as one scale is sure, and leave the others as they are.

    Args:
        network: A `Classifier` whose head has a method ``logits_by_scale`` from maps to logits,
            or any network with such a method from images to logits; of every other network the
            answer is the only scale. Surgery and masks leave the method where it is.
        images: Standardised, (N, channels, size, size).

    Returns:
        (N, classes) for each; what the network answers is their mean.
    """
    if isinstance(network, Classifier):
        of_maps = getattr(network.head, "logits_by_scale", None)
        if of_maps is not None:
            return tuple(of_maps(network.trunk(images)))
    elif (of_images := getattr(network, "logits_by_scale", None)) is not None:
        return tuple(of_images(images))
    return (network(images),)
