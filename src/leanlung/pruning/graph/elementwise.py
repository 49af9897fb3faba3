"""Rules for what works on every channel by itself, and for sums of tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch import nn

from leanlung.pruning.graph.streams import CHANNEL_AXIS, NotFollowedError, Stream, whole

if TYPE_CHECKING:
    from leanlung.pruning.graph.ledger import Ledger
    from leanlung.pruning.graph.streams import Call

FIRING = (
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish,
    nn.Hardswish,
)  # fmt: skip

PASSING = (
    nn.Identity, nn.Sigmoid, nn.Tanh, nn.Hardsigmoid, nn.Hardtanh, nn.Softplus,
    nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout,
)  # fmt: skip

POOLING = (
    nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d,
    nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d,
    nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d,
    nn.Upsample, nn.ZeroPad2d, nn.ConstantPad2d, nn.ReflectionPad2d, nn.ReplicationPad2d,
)  # fmt: skip


def passes(call: Call, _ledger: Ledger) -> Stream:
    """Whatever works on every value by itself."""
    stream = call.inputs[0]
    if stream.axis is None:
        return whole(call.shape)
    if call.shape != stream.shape:
        msg = "changes the shape of its channels"
        raise NotFollowedError(msg)
    return stream


def fires(call: Call, ledger: Ledger) -> Stream:
    """An activation: the place where units are seen to fire, along whatever axis they lie."""
    stream = passes(call, ledger)
    if stream.axis:  # along the first there are images; what lies there no image has fired
        ledger.sites[call.node.name] = (stream.axis, stream.atoms)
    return stream


def pools(call: Call, ledger: Ledger) -> Stream:
    """Pooling, padding and resizing of height and width."""
    stream = call.inputs[0]
    if stream.axis is None:
        return whole(call.shape)
    ledger.along(stream, CHANNEL_AXIS)
    return stream.moved(call.shape, CHANNEL_AXIS)


def pads(call: Call, ledger: Ledger) -> Stream:
    """Padding of height and width; channels of a constant added at the ends never leave."""
    stream = call.inputs[0]
    if stream.axis is None:
        return whole(call.shape)
    pad = [call.number(one) for one in call.argument(1, "pad", ())]
    place = -2 * (stream.from_right + 1)
    before, after = (pad[place], pad[place + 1]) if place < len(pad) else (0, 0)
    if min(before, after) < 0 or (
        (before or after) and call.argument(2, "mode", "constant") != "constant"
    ):
        msg = "pads channels with other channels"
        raise NotFollowedError(msg)
    atoms = np.concatenate([ledger.fixed(before), stream.atoms, ledger.fixed(after)])
    return Stream(call.shape, stream.axis, atoms)


def reduces(call: Call, _ledger: Ledger) -> Stream:
    """A sum, a mean or the like over other axes than the channels'."""
    stream = call.inputs[0]
    if stream.axis is None:
        return whole(call.shape)
    return _reduced(call, stream, call.axes(call.argument(1, "dim"), len(stream.shape)))


def reduces_norm(call: Call, _ledger: Ledger) -> Stream:
    """A norm: its axes are the third argument."""
    stream = call.inputs[0]
    if stream.axis is None:
        return whole(call.shape)
    return _reduced(call, stream, call.axes(call.argument(2, "dim"), len(stream.shape)))


def _reduced(call: Call, stream: Stream, axes: set[int]) -> Stream:
    axis = stream.axis or 0
    if axis in axes:
        msg = "works across its channels"
        raise NotFollowedError(msg)
    if len(call.shape) != len(stream.shape):
        axis -= sum(gone < axis for gone in axes)
    return stream.moved(call.shape, axis)


def softens(call: Call, ledger: Ledger) -> Stream:
    """Softmax over another axis than the channels'."""
    stream = call.inputs[0]
    rank = len(stream.shape)
    named = getattr(call.module, "dim", None) if call.module else call.argument(1, "dim")
    if stream.axis is not None and (named is None or stream.axis in call.axes(named, rank)):
        msg = "works across its channels"
        raise NotFollowedError(msg)
    return passes(call, ledger)


def joins(call: Call, ledger: Ledger) -> Stream:
    """Addition and its kin tie the channels of what they join."""
    followed = [stream for stream in call.inputs if stream.axis is not None]
    if not followed:
        return whole(call.shape)
    # Two tensors of the same channels along different axes meet in a table: no rule for that.
    broad = [one for one in followed if len(one.atoms) > 1] or followed[:1]
    place = broad[0].from_right
    count = call.shape[place]
    if any(one.from_right != place for one in broad):
        msg = "joins channels along different axes"
        raise NotFollowedError(msg)
    wide = [one for one in followed if one.from_right == place and len(one.atoms) == count]
    for stream in call.inputs:
        if stream.axis is None and len(stream.shape) >= -place and stream.shape[place] > 1:
            msg = "joins them with a tensor that stays whole"
            raise NotFollowedError(msg)
        if stream.axis is not None and not any(stream is one for one in wide):
            ledger.freeze(stream.atoms)  # one map broadcast over all channels must stay
    for other in wide[1:]:
        ledger.tie(wide[0].atoms, other.atoms)
    return Stream(call.shape, len(call.shape) + place, wide[0].atoms)
