"""Widths: read off a network, or given to one, so that a pruned network can be built again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from leanlung.foundations.errors import NetworkError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.networks.spec import Width

if TYPE_CHECKING:
    from collections.abc import Mapping

Convolution = nn.modules.conv._ConvNd
Normalisation = nn.modules.batchnorm._NormBase


def widths_of(network: nn.Module, like: nn.Module | None = None) -> dict[str, Width]:
    """Read the width of every layer that has one.

    Args:
        network: Any network.
        like: If given, the same architecture unpruned: only layers that differ are listed.

    Returns:
        Widths by layer name, in the network's order.
    """
    widths = {
        name: width for name, module in network.named_modules() if (width := _width(module))
    }
    if like is None:
        return widths
    whole = widths_of(like)
    return {name: width for name, width in widths.items() if whole.get(name) != width}


def resize(network: nn.Module, widths: Mapping[str, Width]) -> None:
    """Give layers other widths; a layer that changes gets fresh, empty weights.

    Args:
        network: Changed in place.
        widths: By layer name.

    Raises:
        NetworkError: If a layer does not exist or cannot be that wide; nothing is changed.
    """
    layers = dict(network.named_modules())
    for name, width in widths.items():
        layer = layers.get(name)
        if layer is None or _width(layer) is None:
            hint = did_you_mean(name, widths_of(network))
            msg = f"no layer {name!r} with a width in this network{hint}"
            raise NetworkError(msg)
        if min(width) < 1 or width.inputs % width.groups or width.outputs % width.groups:
            msg = (
                f"layer {name!r} cannot have {width.inputs} inputs and {width.outputs} outputs "
                f"in {width.groups} groups; each must be at least one and divide evenly"
            )
            raise NetworkError(msg)
    for name, width in widths.items():
        if _width(layers[name]) != width:
            _empty(layers[name], width)


def _width(module: nn.Module) -> Width | None:
    match module:
        case Convolution():
            return Width(module.in_channels, module.out_channels, module.groups)
        case nn.Linear():
            return Width(module.in_features, module.out_features, 1)
        case Normalisation():
            return Width(module.num_features, module.num_features, 1)
        case _:
            return None


def set_width(module: nn.Module, width: Width) -> None:
    """Set the numbers a layer keeps of its own width; its tensors are the caller's business."""
    match module:
        case Convolution():
            module.in_channels, module.out_channels, module.groups = width
        case nn.Linear():
            module.in_features, module.out_features = width.inputs, width.outputs
        case Normalisation():
            module.num_features = width.outputs


def _empty(module: nn.Module, width: Width) -> None:
    """Give a layer empty tensors of another width."""
    set_width(module, width)
    for name, parameter in list(module.named_parameters(recurse=False)):
        shape: tuple[int, ...] = (width.outputs,)
        if parameter.ndim > 1:
            shape = (width.outputs, width.inputs // width.groups, *parameter.shape[2:])
        fresh = torch.zeros(shape, device=parameter.device, dtype=parameter.dtype)
        setattr(module, name, nn.Parameter(fresh, requires_grad=parameter.requires_grad))
    for name, buffer in list(module.named_buffers(recurse=False)):
        if buffer.ndim:  # the step counter is a scalar
            fresh = torch.zeros(width.outputs, device=buffer.device, dtype=buffer.dtype)
            setattr(module, name, fresh)
