"""Numbers that a forward pass works out from shapes, followed as counts of channels."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

import numpy as np
from torch import fx

from leanlung.pruning.graph.streams import Count, Sizes, Stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from leanlung.pruning.graph.streams import Value

_SCALING = {operator.floordiv, operator.truediv, operator.mul}


def number(node: fx.Node, values: Mapping[fx.Node, Value]) -> Value:
    """Follow an operation that gives no tensor.

    Args:
        node: The operation.
        values: What is known of those before it.

    Returns:
        A count or sizes if it depends on how many channels there are, otherwise None.
    """
    source = node.args[0] if node.args else None
    known = values.get(source) if isinstance(source, fx.Node) else None
    if isinstance(known, Stream):
        if node.target is getattr and node.args[1] == "shape":
            return _sizes(known)
        if node.op == "call_method" and node.target == "size":
            sizes, axis = _sizes(known), (*node.args[1:], *node.kwargs.values())
            return sizes[axis[0]] if axis and isinstance(axis[0], int) else sizes
        if node.target is getattr or node.target in {"dim", "is_contiguous", "type"}:
            return None
    if node.target is operator.getitem and isinstance(known, tuple):
        place = node.args[1]
        if isinstance(place, int | slice):
            return known[place]
    others = [one for one in node.args[1:] if isinstance(one, fx.Node)]
    scaled = node.target in _SCALING and not others
    if isinstance(known, Count) and known.proportional and scaled:
        return known
    counted = list(atoms_in(values.get(one) for one in node.all_input_nodes))
    return Count(np.concatenate(counted), proportional=False) if counted else None


def _sizes(stream: Stream) -> Sizes:
    counts: list[Count | None] = [None] * len(stream.shape)
    if stream.axis is not None:
        counts[stream.axis] = Count(stream.atoms)
    return tuple(counts)


def atoms_in(values: Iterable[Value]) -> Iterable[np.ndarray]:
    """Give all atoms that numbers and tensors hold."""
    for value in values:
        if isinstance(value, Stream | Count):
            if len(value.atoms):
                yield value.atoms
        elif isinstance(value, tuple):
            yield from atoms_in(value)
