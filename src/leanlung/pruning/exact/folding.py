"""Folding: what a constant unit gave to its readers goes into their biases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from leanlung.foundations.errors import SurgeryError
from leanlung.networks.widths import Convolution, Normalisation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import fx

Reader = Convolution | nn.Linear
Room = Literal["exact", "borders", "none"]
"""How well a reader can take a constant in: exactly, but for padded borders, or not at all."""


def room_for_constants(network: nn.Module, program: fx.Graph, reader: str) -> Room:
    """Say whether a layer can take in what a constant input gives it.

    A linear layer, and a convolution that pads nothing (or with copies), adds the same number
    at every place: its bias can hold that. Zero padding makes the number smaller along the
    border. Without a bias, a BatchNorm right behind holds it in its running mean.

    Args:
        network: Not changed.
        program: Of this network.
        reader: Name of a layer with inputs.
    """
    layer = _reader(network, reader)
    if layer.bias is None and _normalisation_behind(network, program, reader) is None:
        return "none"
    if isinstance(layer, Convolution) and layer.padding_mode == "zeros" and _pads(layer):
        return "borders"
    return "exact"


def fold(network: nn.Module, program: fx.Graph, values: Mapping[str, Tensor]) -> None:
    """Add to every reader's bias what its constant inputs give.

    Args:
        network: Changed in place: biases, or running means of the BatchNorm behind.
        program: Of this network.
        values: By reader, the constant at each input that is about to leave, 0 at the others,
            (inputs,), float64.
    """
    with torch.no_grad():
        for reader, read in values.items():
            if not read.any():
                continue
            layer = _reader(network, reader)
            shift = _given(layer, read)
            if layer.bias is not None:
                layer.bias += shift.to(layer.bias)
                continue
            norm = _normalisation_behind(network, program, reader)
            mean = None if norm is None else norm.running_mean
            if mean is not None:  # room_for_constants has seen to it
                mean -= shift.to(mean)


def _given(layer: Reader, read: Tensor) -> Tensor:
    """What constant inputs add to each output, (outputs,), float64."""
    weight = layer.weight.detach().double().cpu()
    summed = weight.reshape(*weight.shape[:2], -1).sum(dim=2)  # (outputs, inputs of a group)
    groups = getattr(layer, "groups", 1)
    by_group = summed.reshape(groups, -1, summed.shape[1])
    return torch.einsum("goi,gi->go", by_group, read.reshape(groups, -1)).flatten()


def _reader(network: nn.Module, name: str) -> Reader:
    layer = network.get_submodule(name)
    if not isinstance(layer, Convolution | nn.Linear):
        msg = (
            f"layer {name!r} is a {type(layer).__name__}; a convolution or a linear layer reads"
        )
        raise SurgeryError(msg)
    return layer


def _pads(layer: nn.modules.conv._ConvNd) -> bool:
    if isinstance(layer.padding, str):
        return layer.padding == "same" and max(layer.kernel_size) > 1
    return any(layer.padding)


def _normalisation_behind(
    network: nn.Module, program: fx.Graph, reader: str
) -> Normalisation | None:
    """Give the BatchNorm that alone reads a layer, if it is so wherever the layer is called."""
    calls = [
        node for node in program.nodes if node.op == "call_module" and node.target == reader
    ]
    behind = {user for call in calls for user in call.users}
    names = {str(user.target) for user in behind if user.op == "call_module"}
    if len(names) != 1 or len(behind) != len(calls):
        return None
    (name,) = names
    norm = network.get_submodule(name)
    times = sum(node.op == "call_module" and node.target == name for node in program.nodes)
    if not isinstance(norm, Normalisation) or norm.running_mean is None:
        return None
    return norm if times == len(calls) else None
