"""Rules for what moves axes about: the same channels along another axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.pruning.graph.streams import (
    CHANNEL_AXIS,
    Count,
    NotFollowedError,
    Stream,
    whole,
)

if TYPE_CHECKING:
    from torch import fx

    from leanlung.pruning.graph.ledger import Ledger
    from leanlung.pruning.graph.streams import Call


def permutes(call: Call, _ledger: Ledger) -> Stream:
    """All axes in another order."""
    stream = call.inputs[0]
    order = getattr(call.module, "dims", None) or call.rest(1, "dims")
    rank = len(stream.shape)
    return _to(call, [int(call.number(axis)) % rank for axis in order])


def transposes(call: Call, _ledger: Ledger) -> Stream:
    """Two axes change places."""
    rank = len(call.inputs[0].shape)
    first = int(call.number(call.argument(1, "dim0"))) % rank
    second = int(call.number(call.argument(2, "dim1"))) % rank
    order = list(range(rank))
    order[first], order[second] = second, first
    return _to(call, order)


def _to(call: Call, order: list[int]) -> Stream:
    stream = call.inputs[0]
    if stream.axis is None:
        return whole(call.shape)
    return stream.moved(call.shape, order.index(stream.axis))


def squeezes(call: Call, _ledger: Ledger) -> Stream:
    """Axes of one place go."""
    stream = call.inputs[0]
    if stream.axis is None:
        return whole(call.shape)
    rank = len(stream.shape)
    axes = call.axes(call.argument(1, "dim"), rank)
    gone = {axis for axis in axes if stream.shape[axis] == 1}
    if stream.axis in axes or 0 in gone:
        msg = "takes away the axis of its channels"
        raise NotFollowedError(msg)
    return stream.moved(call.shape, stream.axis - sum(axis < stream.axis for axis in gone))


def unsqueezes(call: Call, _ledger: Ledger) -> Stream:
    """A new axis of one place."""
    stream = call.inputs[0]
    if stream.axis is None:
        return whole(call.shape)
    new = int(call.number(call.argument(1, "dim"))) % len(call.shape)
    return stream.moved(call.shape, stream.axis + (new <= stream.axis))


def mirrors(call: Call, ledger: Ledger) -> Stream:
    """Flips and rolls along other axes than the channels'."""
    stream = call.inputs[0]
    named = call.argument(2, "dims") if _is_roll(call.node) else call.rest(1, "dims")
    if stream.axis is not None and stream.axis in call.axes(named, len(stream.shape)):
        msg = "changes the order of its channels"
        raise NotFollowedError(msg)
    del ledger
    return stream


def _is_roll(node: fx.Node) -> bool:
    return "roll" in (str(node.target), getattr(node.target, "__name__", ""))


def expands(call: Call, ledger: Ledger) -> Stream:
    """One place is repeated along an axis; the channels' own axis is left as it is."""
    stream = call.inputs[0]
    if len(call.inputs) > 1:  # ``expand_as``
        pattern = call.inputs[1]
        if pattern.axis is None:
            return _spread(call, stream)
        if stream.axis is not None and stream.from_right == pattern.from_right:
            if len(stream.atoms) == len(pattern.atoms):
                ledger.tie(stream.atoms, pattern.atoms)
                return stream.moved(call.shape, len(call.shape) + stream.from_right)
            ledger.freeze(stream.atoms)
        elif stream.axis is not None or _broad(stream, pattern.from_right):
            msg = "joins them with a tensor that stays whole"
            raise NotFollowedError(msg)
        return pattern
    sizes = call.sizes(1, "size")
    for axis, count in enumerate(sizes):
        place = axis - len(sizes)
        if not isinstance(count, Count):
            continue
        own = stream.axis is not None and stream.from_right == place
        if own and len(stream.atoms) == call.shape[place] and count.proportional:
            ledger.alike(stream.atoms, count.atoms)
        else:
            ledger.freeze(count.atoms)
    if stream.axis is not None:
        place = stream.from_right
        if not isinstance(sizes[place], Count) and sizes[place] != -1:
            msg = "writes down how many channels there are"
            raise NotFollowedError(msg)
    return _spread(call, stream)


def _broad(stream: Stream, place: int) -> bool:
    return len(stream.shape) >= -place and stream.shape[place] > 1


def _spread(call: Call, stream: Stream) -> Stream:
    if stream.axis is None:
        return whole(call.shape)
    return stream.moved(call.shape, len(call.shape) + stream.from_right)


def shuffles(call: Call, ledger: Ledger) -> Stream:
    """Torch's own channel shuffle: the same place leaves every group."""
    stream = call.inputs[0]
    if stream.axis is None:
        return whole(call.shape)
    groups: Any = getattr(call.module, "groups", None) or call.argument(1, "groups")
    atoms = ledger.along(stream, CHANNEL_AXIS)
    first = ledger.tie_rows(atoms.reshape(int(groups), -1).T)
    return Stream(call.shape, CHANNEL_AXIS, np.repeat(first, int(groups)))
