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
    """Read the width of every layer that has one, and of tensors that belong to no layer.

    The scale of a ConvNeXt block is such a tensor: it is listed by its own full name, if it
    has a single axis with more than one place.

    Args:
        network: Any network.
        like: If given, the same architecture unpruned: only layers that differ are listed.

    Returns:
        Widths by layer name, in the network's order.
    """
    widths: dict[str, Width] = {}
    for name, module in network.named_modules():
        if width := _width(module):
            widths[name] = width
        for own, tensor in _loose(module).items():
            widths[f"{name}.{own}" if name else own] = Width(tensor.numel(), tensor.numel(), 1)
    if like is None:
        return widths
    whole = widths_of(like)
    return {name: width for name, width in widths.items() if whole.get(name) != width}


def resize(network: nn.Module, widths: Mapping[str, Width]) -> None:
    """Give layers other widths; a layer that changes gets fresh, empty weights.

    Layers that share a tensor share the fresh one.

    Args:
        network: Changed in place.
        widths: By layer name.

    Raises:
        NetworkError: If a layer does not exist or cannot be that wide; nothing is changed.
    """
    layers = dict(network.named_modules())
    now = widths_of(network)
    for name, width in widths.items():
        if name not in now:
            hint = did_you_mean(name, now)
            msg = f"no layer {name!r} with a width in this network{hint}"
            raise NetworkError(msg)
        if min(width) < 1 or width.inputs % width.groups or width.outputs % width.groups:
            msg = (
                f"layer {name!r} cannot have {width.inputs} inputs and {width.outputs} outputs "
                f"in {width.groups} groups; each must be at least one and divide evenly"
            )
            raise NetworkError(msg)
    shared = _shared(network)
    for name, width in widths.items():
        if now[name] == width:
            continue
        if name in layers:
            _empty(layers[name], width)
        else:
            owner, _, own = name.rpartition(".")
            _empty_tensor(layers[owner], own, width)
    for (first, its_name), *others in shared:
        for other, own in others:
            setattr(other, own, getattr(first, its_name))


def _shared(network: nn.Module) -> list[list[tuple[nn.Module, str]]]:
    """Find the tensors that several modules hold, by their places."""
    places: dict[int, list[tuple[nn.Module, str]]] = {}
    for module in network.modules():
        own = (*module.named_parameters(recurse=False), *module.named_buffers(recurse=False))
        for name, tensor in own:
            places.setdefault(id(tensor), []).append((module, name))
    return [found for found in places.values() if len(found) > 1]


def _width(module: nn.Module) -> Width | None:
    match module:
        case Convolution():
            return Width(module.in_channels, module.out_channels, module.groups)
        case nn.Linear():
            return Width(module.in_features, module.out_features, 1)
        case Normalisation():
            return Width(module.num_features, module.num_features, 1)
        case nn.GroupNorm():
            return Width(module.num_channels, module.num_channels, module.num_groups)
        case nn.PReLU():
            return Width(module.num_parameters, module.num_parameters, 1)
        case _:
            return None


def _loose(module: nn.Module) -> dict[str, torch.Tensor]:
    """Find the tensors a module holds itself without being a layer that torch knows."""
    if type(module).__module__.startswith("torch.nn.") or _width(module):
        return {}
    tensors = (*module.named_parameters(recurse=False), *module.named_buffers(recurse=False))
    return {
        name: tensor
        for name, tensor in tensors
        if tensor.ndim and sum(size > 1 for size in tensor.shape) <= 1
    }


def set_width(module: nn.Module, width: Width) -> None:
    """Set the numbers a layer keeps of its own width; its tensors are the caller's business."""
    match module:
        case Convolution():
            module.in_channels, module.out_channels, module.groups = width
        case nn.Linear():
            module.in_features, module.out_features = width.inputs, width.outputs
        case Normalisation():
            module.num_features = width.outputs
        case nn.GroupNorm():
            module.num_channels, module.num_groups = width.outputs, width.groups
        case nn.PReLU():
            module.num_parameters = width.outputs


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


def _empty_tensor(module: nn.Module, name: str, width: Width) -> None:
    """Give a module another tensor, as long along its only long axis as the width says."""
    tensor = _loose(module)[name]
    shape = list(tensor.shape)
    shape[max(range(len(shape)), key=shape.__getitem__)] = width.outputs
    fresh = torch.zeros(shape, device=tensor.device, dtype=tensor.dtype)
    if isinstance(tensor, nn.Parameter):
        fresh = nn.Parameter(fresh, requires_grad=tensor.requires_grad)
    setattr(module, name, fresh)
