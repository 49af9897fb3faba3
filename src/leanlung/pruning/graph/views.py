"""Rules for views: axes are split and merged, and channels go along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from leanlung.pruning.graph.streams import Count, NotFollowedError, Stream, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanlung.pruning.graph.ledger import Ledger
    from leanlung.pruning.graph.streams import Atoms, Call, Shape


def flattens(call: Call, ledger: Ledger) -> Stream:
    """Axes are merged: from (N, C, H, W) to (N, C * H * W), every channel is its places."""
    return _viewed(call, [-1] * len(call.shape), ledger)


def unflattens(call: Call, ledger: Ledger) -> Stream:
    """One axis is split."""
    stream, layer = call.inputs[0], call.module
    if isinstance(layer, nn.Unflatten):
        axis, sizes = int(layer.dim), list(layer.unflattened_size)
    else:
        axis, sizes = int(call.argument(1, "dim")), list(call.argument(2, "sizes"))
    axis %= len(stream.shape)
    after = len(stream.shape) - axis - 1
    return _viewed(call, [-1] * axis + sizes + [-1] * after, ledger)


def views(call: Call, ledger: Ledger) -> Stream:
    """``view`` and ``reshape``, whose sizes are numbers, -1, or worked out from shapes.

    Channels can leave only if the axis they lie along is -1 or worked out from their number:
    a size that is written down stays what it is.
    """
    return _viewed(call, call.sizes(1, "shape", "size"), ledger)


def _viewed(call: Call, sizes: Sequence[Any], ledger: Ledger) -> Stream:
    stream, shape = call.inputs[0], call.shape
    if stream.axis is None:
        for size in sizes:
            if isinstance(size, Count):
                ledger.freeze(size.atoms)
        return whole(shape)
    if len(sizes) != len(shape):
        msg = "has no rule"
        raise NotFollowedError(msg)
    before, after = _block(stream.shape, shape, stream.axis)
    atoms = _spread_over(stream, before).reshape([shape[axis] for axis in after])
    others = [place for place in before if place != stream.axis and stream.shape[place] > 1]
    if 0 in others or (stream.axis == 0 and others):  # along the first axis there are images
        msg = "mixes channels with the images of a batch"
        raise NotFollowedError(msg)
    axis = _live(shape, sizes, after)
    for place, size in enumerate(sizes):
        if isinstance(size, Count) and (place != axis or not size.proportional):
            ledger.freeze(size.atoms)
    live = sizes[axis]
    if isinstance(live, Count):
        if not live.proportional:
            msg = "works a size out in a way that is not followed"
            raise NotFollowedError(msg)
        ledger.alike(live.atoms, atoms.ravel())
    rows = np.moveaxis(atoms, after.index(axis), 0).reshape(shape[axis], -1)
    return Stream(shape, axis, ledger.tie_rows(rows))


def _live(shape: Shape, sizes: Sequence[Any], axes: list[int]) -> int:
    """Choose the axis along which channels go on leaving."""
    wide = [axis for axis in axes if shape[axis] > 1]
    able = [axis for axis in wide if sizes[axis] == -1 or isinstance(sizes[axis], Count)]
    if len(able) != 1:
        msg = "writes down how many channels there are"
        raise NotFollowedError(msg)
    return able[0]


def _spread_over(stream: Stream, axes: list[int]) -> Atoms:
    """Give the atoms at every place of some axes."""
    sizes = [stream.shape[axis] for axis in axes]
    along = [-1 if axis == stream.axis else 1 for axis in axes]
    return np.ascontiguousarray(np.broadcast_to(stream.atoms.reshape(along), sizes))


def _block(before: Shape, after: Shape, axis: int) -> tuple[list[int], list[int]]:
    """Find the axes that one axis is split into or merged with."""
    i = j = 0
    while i < len(before):
        start, begin = i, j
        left, right = before[i], after[j] if j < len(after) else 1
        i, j = i + 1, j + 1
        while left != right:
            if left < right:
                left *= before[i]
                i += 1
            else:
                right *= after[j]
                j += 1
        if start <= axis < i:
            return list(range(start, i)), list(range(begin, min(j, len(after))))
    msg = "has no rule"
    raise NotFollowedError(msg)
