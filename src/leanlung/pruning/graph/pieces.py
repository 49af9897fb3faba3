"""Rules for pieces: tensors are put together and taken apart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor, fx

from leanlung.pruning.graph.streams import Count, NotFollowedError, Stream, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanlung.pruning.graph.ledger import Ledger
    from leanlung.pruning.graph.streams import Atoms, Call

_FIXED = "cuts its channels at a fixed place"


def concatenates(call: Call, ledger: Ledger) -> Stream:
    """Along channels atoms line up; along another axis they are tied."""
    followed = [stream for stream in call.inputs if stream.axis is not None]
    if not followed:
        return whole(call.shape)
    rank = len(call.shape)
    axis = int(call.number(call.argument(1, "dim", call.node.kwargs.get("axis", 0)))) % rank
    if axis == 0:
        msg = "lines up images of a batch"
        raise NotFollowedError(msg)
    own = followed[0].axis or 0
    atoms = [ledger.along(stream, own) for stream in call.inputs]
    if axis == own:
        return Stream(call.shape, axis, np.concatenate(atoms))
    return Stream(call.shape, own, _tied(atoms, ledger))


def stacks(call: Call, ledger: Ledger) -> Stream:
    """Along a new axis; the channels of all are tied."""
    followed = [stream for stream in call.inputs if stream.axis is not None]
    if not followed:
        return whole(call.shape)
    own = followed[0].axis or 0
    axis = int(call.number(call.argument(1, "dim", 0))) % len(call.shape)
    atoms = [ledger.along(stream, own) for stream in call.inputs]
    return Stream(call.shape, own + (axis <= own), _tied(atoms, ledger))


def _tied(atoms: list[Atoms], ledger: Ledger) -> Atoms:
    for other in atoms[1:]:
        ledger.tie(atoms[0], other)
    return atoms[0]


def splits(call: Call, ledger: Ledger) -> tuple[Stream, ...]:
    """``split`` and ``chunk``: equal parts lose the same places, others stay whole.

    Parts of a size that is written down cannot shrink, but for the last of them.
    """
    stream = call.inputs[0]
    axis = int(call.number(call.argument(2, "dim", 0))) % len(stream.shape)
    if stream.axis != axis:
        _keep_counts(call, ledger)
    if stream.axis is None:
        return tuple(whole(shape) for shape in call.shapes)
    if axis != stream.axis:
        return tuple(stream.moved(shape, stream.axis) for shape in call.shapes)
    given = call.argument(1, "chunks" if _is_chunk(call.node) else "split_size_or_sections")
    if given is None:
        given = call.node.kwargs.get("split_size")
    ends = np.cumsum([shape[axis] for shape in call.shapes]).tolist()
    count = call.values.get(given) if isinstance(given, fx.Node) else None
    if _is_chunk(call.node) or isinstance(count, Count):
        if isinstance(count, Count):
            _counted(count, stream.atoms, ledger)
        _tie_blocks(stream.atoms, ends, ledger)
    elif isinstance(given, tuple | list):
        _split_into(call, given, stream.atoms, ends, ledger)
    elif len(ends) > 1:
        ledger.freeze(stream.atoms[: ends[-2]])
        ledger.note(call, _FIXED)
    parts = np.split(stream.atoms, ends[:-1])
    return tuple(
        Stream(shape, axis, atoms) for shape, atoms in zip(call.shapes, parts, strict=True)
    )


def _split_into(
    call: Call, given: Sequence[Any], atoms: Atoms, ends: list[int], ledger: Ledger
) -> None:
    counts = [call.values.get(one) if isinstance(one, fx.Node) else None for one in given]
    if all(isinstance(count, Count) for count in counts):
        for count in counts:
            if isinstance(count, Count):
                _counted(count, atoms, ledger)
        _tie_blocks(atoms, ends, ledger)
        return
    for count in counts:
        if isinstance(count, Count):
            ledger.freeze(count.atoms)
    raise NotFollowedError(_FIXED)


def _keep_counts(call: Call, ledger: Ledger) -> None:
    """Counts that cut another axis than the channels' can never change."""
    for count in call.counts:
        ledger.freeze(count.atoms)
        ledger.note(call, "cuts another axis at their number")


def _is_chunk(node: fx.Node) -> bool:
    return "chunk" in (str(node.target), getattr(node.target, "__name__", ""))


def _counted(count: Count, atoms: Atoms, ledger: Ledger) -> None:
    if not count.proportional:
        ledger.freeze(count.atoms)
        raise NotFollowedError(_FIXED)
    ledger.alike(count.atoms, atoms)


def _tie_blocks(atoms: Atoms, ends: list[int], ledger: Ledger) -> None:
    """Make the share that leaves the same on both sides of every end."""
    size = math.gcd(*ends)
    if len(atoms) % size:
        raise NotFollowedError(_FIXED)
    ledger.tie_rows(atoms.reshape(-1, size).T)


def unbinds(call: Call, _ledger: Ledger) -> tuple[Stream, ...]:
    """One tensor for every place along another axis than the channels'."""
    stream = call.inputs[0]
    if stream.axis is None:
        return tuple(whole(shape) for shape in call.shapes)
    axis = int(call.number(call.argument(1, "dim", 0))) % len(stream.shape)
    if axis == stream.axis:
        msg = "takes its channels one by one"
        raise NotFollowedError(msg)
    own = stream.axis - (axis < stream.axis)
    return tuple(stream.moved(shape, own) for shape in call.shapes)


def slices(call: Call, ledger: Ledger) -> Stream:
    """Indexing: places of other axes, or a stretch of channels.

    Up to a place that is written down, channels stay; those beyond may leave.
    """
    stream = call.inputs[0]
    if stream.axis is None:
        _keep_counts(call, ledger)
        return whole(call.shape)
    index: Any = call.argument(1, "index")
    index = index if isinstance(index, tuple) else (index,)
    if any(isinstance(one, list | Tensor) for one in index) or len(call.inputs) > 1:
        msg = "picks places by a tensor"
        raise NotFollowedError(msg)
    named = sum(one is not None and one is not Ellipsis for one in index)
    rest = (slice(None),) * (len(stream.shape) - named)
    if Ellipsis in index:
        place = index.index(Ellipsis)
        index = (*index[:place], *rest, *index[place + 1 :])
    else:
        index = (*index, *rest)
    old = new = 0
    for one in index:
        if one is None:
            new += 1
            continue
        if old == stream.axis:
            if not isinstance(one, slice):
                raise NotFollowedError(_FIXED)
            ends = [call.values.get(end) for end in (one.start, one.stop)]
            if any(all(count is not end for end in ends) for count in call.counts):
                _keep_counts(call, ledger)
            return Stream(call.shape, new, _stretch(call, stream.atoms, one, ledger))
        old += 1
        new += isinstance(one, slice)
    raise NotFollowedError(_FIXED)


def narrows(call: Call, _ledger: Ledger) -> Stream:
    """A stretch along one axis."""
    stream = call.inputs[0]
    if stream.axis is None:
        return whole(call.shape)
    axis = int(call.number(call.argument(1, "dim"))) % len(stream.shape)
    if axis != stream.axis:
        return stream.moved(call.shape, stream.axis)
    raise NotFollowedError(_FIXED)


def _stretch(call: Call, atoms: Atoms, cut: slice, ledger: Ledger) -> Atoms:
    numbers = [call.number(one) for one in (cut.start, cut.stop, cut.step)]
    start, stop, step = slice(*numbers).indices(len(atoms))
    if start == 0 and stop == len(atoms) and step == 1 and cut.start in (None, 0):
        if isinstance(count := call.values.get(cut.stop), Count):
            _counted(count, atoms, ledger)
        return atoms  # everything, however many there are
    if step != 1:
        raise NotFollowedError(_FIXED)
    ends = []
    for given, number, place in ((cut.start, numbers[0], start), (cut.stop, numbers[1], stop)):
        count = call.values.get(given) if isinstance(given, fx.Node) else None
        if isinstance(count, Count):
            _counted(count, atoms, ledger)
            ends.append(place)
        elif number is None or number == 0:
            pass
        elif number < 0:
            ledger.freeze(atoms[place:])
            ledger.note(call, _FIXED)
        else:
            ledger.freeze(atoms[:place])
            ledger.note(call, _FIXED)
    if ends:
        _tie_blocks(atoms, [*ends, len(atoms)], ledger)
    return atoms[start:stop]
