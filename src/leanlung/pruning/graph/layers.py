"""Rules for layers: who reads, writes and hands on channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from leanlung.networks.widths import Convolution
from leanlung.pruning.graph.elementwise import FIRING, PASSING, fires
from leanlung.pruning.graph.ledger import Entry, Ledger
from leanlung.pruning.graph.streams import CHANNEL_AXIS, NotFollowedError, Stream
from leanlung.pruning.graph.trials import can_be_cut

if TYPE_CHECKING:
    from leanlung.pruning.graph.streams import Call


def convolution(call: Call, ledger: Ledger) -> Stream:
    """A convolution reads its inputs and writes its outputs; a depthwise one hands them on."""
    layer, (stream, *_) = call.module, call.inputs
    if not isinstance(layer, Convolution) or layer.transposed:
        msg = "has no rule"
        raise NotFollowedError(msg)
    _cuttable(layer)
    if len(stream.shape) != len(layer.kernel_size) + 2:
        msg = "reads one image instead of a batch"
        raise NotFollowedError(msg)
    atoms = ledger.along(stream, CHANNEL_AXIS)
    if layer.groups > 1 and layer.groups == layer.in_channels:
        outputs = np.repeat(atoms, layer.out_channels // layer.in_channels)
        entry = Entry(outputs, hands_on=atoms)
    else:
        outputs = ledger.new(layer.out_channels)
        if layer.groups > 1:
            # All groups stay equally wide: the same place leaves every group.
            for axis in (atoms, outputs):
                ledger.tie_rows(axis.reshape(layer.groups, -1).T)
        inputs = atoms[: len(atoms) // layer.groups]
        entry = Entry(outputs, inputs=inputs, groups=layer.groups, writes=True)
    return Stream(call.shape, CHANNEL_AXIS, ledger.enter(call.name, layer, entry).outputs)


def linear(call: Call, ledger: Ledger) -> Stream:
    """A linear layer over the last axis reads and writes as a 1 x 1 convolution does."""
    layer: Any = call.module
    stream = call.inputs[0]
    _cuttable(layer)
    atoms = ledger.along(stream, len(stream.shape) - 1)
    entry = Entry(ledger.new(layer.out_features), inputs=atoms, writes=True)
    outputs = ledger.enter(call.name, layer, entry).outputs
    return Stream(call.shape, len(call.shape) - 1, outputs)


def normalisation(call: Call, ledger: Ledger) -> Stream:
    """BatchNorm keeps a few numbers for each channel; timm's also fires."""
    layer: Any = call.module
    stream = call.inputs[0]
    _known_parts(layer)
    atoms = ledger.along(stream, CHANNEL_AXIS)
    found = Stream(
        call.shape, CHANNEL_AXIS, ledger.enter(call.name, layer, Entry(atoms)).outputs
    )
    return _fired(call, found, ledger)


def group_normalisation(call: Call, ledger: Ledger) -> Stream:
    """GroupNorm measures a group at once, so that a group leaves as a whole."""
    layer: Any = call.module
    stream = call.inputs[0]
    _known_parts(layer)
    if layer.num_groups == 1:
        together(call, ledger)
    atoms = ledger.along(stream, CHANNEL_AXIS)
    size = layer.num_channels // layer.num_groups
    ledger.tie_rows(atoms.reshape(layer.num_groups, size))
    entry = Entry(atoms, hands_on=atoms, group_size=size)
    found = Stream(call.shape, CHANNEL_AXIS, ledger.enter(call.name, layer, entry).outputs)
    return _fired(call, found, ledger)


def together(_call: Call, _ledger: Ledger) -> Stream:
    """LayerNorm and its kin measure all channels at once: none can leave unnoticed."""
    msg = "measures all its channels together"
    raise NotFollowedError(msg)


def slopes(call: Call, ledger: Ledger) -> Stream:
    """PReLU fires with one slope for each channel, or one for all."""
    layer, (stream, *_) = call.module, call.inputs
    if isinstance(layer, nn.PReLU) and layer.num_parameters > 1:
        atoms = ledger.along(stream, CHANNEL_AXIS)
        ledger.enter(call.name, layer, Entry(atoms))
    return fires(call, ledger)


def _fired(call: Call, found: Stream, ledger: Ledger) -> Stream:
    if isinstance(getattr(call.module, "act", None), FIRING):
        ledger.sites[call.node.name] = (CHANNEL_AXIS, found.atoms)
    return found


def _cuttable(layer: nn.Module) -> None:
    if not can_be_cut(layer):
        msg = "works its weight out from others, or from all channels together,"
        raise NotFollowedError(msg)


def _known_parts(layer: nn.Module) -> None:
    """A subclass may fire or drop in the same breath, but nothing else."""
    for part in layer.children():
        plain = isinstance(part, (*FIRING, *PASSING)) or type(part).__name__ in _OF_TIMM
        if not plain or list(part.parameters()):
            msg = f"has a {type(part).__name__} inside that is not followed"
            raise NotFollowedError(msg)


_OF_TIMM = {"Swish", "Mish", "HardSwish", "HardSigmoid", "HardMish", "GELU", "GELUTanh"}
"""Activations that timm writes itself."""
