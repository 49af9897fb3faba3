"""A stream: where the channels of a tensor lie, while a network is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import fx, nn

Atoms = NDArray[np.int64]
"""Atom of every channel of a tensor, in channel order."""

Shape = tuple[int, ...]

CHANNEL_AXIS = 1
"""Where convolutions, pooling and batch normalisation have their channels."""


class NotFollowedError(Exception):
    """An operation that channels cannot be followed through; its text says why."""


@dataclass(frozen=True)
class Stream:
    """A tensor of the program.

    Attributes:
        shape: Of the tensor.
        axis: Along which channels may leave; None if nothing of it can.
        atoms: Of every place along that axis.
    """

    shape: Shape
    axis: int | None
    atoms: Atoms

    @property
    def from_right(self) -> int:
        """The axis counted from the last, -1, as broadcasting counts."""
        return (self.axis or 0) - len(self.shape)

    def moved(self, shape: Shape, axis: int) -> Stream:
        """Give the same channels along another axis of another tensor."""
        if axis >= len(shape) or shape[axis] != len(self.atoms):
            msg = "changes how many channels there are"
            raise NotFollowedError(msg)
        return Stream(shape, axis, self.atoms)


def whole(shape: Shape) -> Stream:
    """Give a tensor of which nothing can leave."""
    return Stream(shape, None, np.empty(0, dtype=np.int64))


@dataclass(frozen=True)
class Count:
    """A number that was worked out from how many channels there are.

    Attributes:
        atoms: The channels counted.
        proportional: Whether it is a fixed share or multiple of that count.
    """

    atoms: Atoms
    proportional: bool = True


Sizes = tuple[Count | None, ...]
"""The shape of a tensor, or some of it; None stands for a size that never changes."""

Value = Stream | tuple[Stream, ...] | Count | Sizes | None
"""What is known of the result of one operation; None of a number that never changes."""


@dataclass(frozen=True)
class Call:
    """One operation of the program.

    Attributes:
        node: As traced.
        module: The module called, if it is one.
        inputs: Tensors that go in, as often as they stand there.
        shapes: Of the tensors that come out; one unless the operation gives several.
        several: Whether it gives a tuple or a list.
        values: What is known of everything before.
        numbers: What every operation that gives no tensor gave for the example.
    """

    node: fx.Node
    module: nn.Module | None
    inputs: tuple[Stream, ...]
    shapes: tuple[Shape, ...]
    several: bool
    values: Mapping[fx.Node, Value]
    numbers: Mapping[fx.Node, Any]

    @property
    def name(self) -> str:
        """Of the module called."""
        return str(self.node.target)

    @property
    def shape(self) -> Shape:
        """Of what comes out."""
        return self.shapes[0]

    def argument(self, place: int, name: str, default: Any = None) -> Any:  # noqa: ANN401
        """Give an argument by its place or its name."""
        if len(self.node.args) > place:
            return self.node.args[place]
        return self.node.kwargs.get(name, default)

    def rest(self, place: int, *names: str) -> tuple[Any, ...]:
        """Give the arguments from a place on, whether listed or in one tuple, or by name."""
        found: Any = self.node.args[place:]
        for name in names:
            found = found or self.node.kwargs.get(name, ())
        if isinstance(found, tuple) and len(found) == 1 and isinstance(found[0], tuple | list):
            found = found[0]
        return tuple(found) if isinstance(found, tuple | list) else (found,)

    def sizes(self, place: int, *names: str) -> list[Any]:
        """Give sizes listed from a place on: numbers, or counts where channels are counted."""
        sizes: list[Any] = []
        for size in self.rest(place, *names):
            known, number = self.values.get(size), self.number(size)
            if isinstance(known, tuple):  # a whole shape
                sizes += [one or fixed for one, fixed in zip(known, number, strict=True)]
            else:
                sizes.append(known if isinstance(known, Count) else number)
        return sizes

    @property
    def counts(self) -> list[Count]:
        """Numbers among the arguments that were worked out from how many channels there are."""
        known = [self.values[source] for source in self.node.all_input_nodes]
        return [value for value in known if isinstance(value, Count)]

    def axes(self, given: Any, rank: int) -> set[int]:  # noqa: ANN401 - one axis or several
        """Give axes as numbers from 0; all of them where none is named."""
        if given is None:
            return set(range(rank))
        given = given if isinstance(given, tuple | list) else (given,)
        return {int(self.number(axis)) % rank for axis in given}

    def number(self, given: Any) -> Any:  # noqa: ANN401 - whatever it is
        """Give an argument's value for the example."""
        return self.numbers.get(given, given)
