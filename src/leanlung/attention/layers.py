"""Layers: where a network still knows places, found by looking on while it runs once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from leanlung.attention.visiting import visiting, watched
from leanlung.foundations.errors import NetworkError, UsageError
from leanlung.foundations.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanlung.attention.visiting import Watch

_SHOWN = 6


@dataclass(frozen=True)
class Layer:
    """A place in a network that gives maps.

    Attributes:
        name: Of the module, as ``named_modules`` gives it.
        call: Which of its calls in one pass, from 0; a module may serve several times.
        shape: Of its maps for one image: maps, height, width.
    """

    name: str
    call: int
    shape: tuple[int, int, int]


@dataclass(frozen=True)
class _Call:
    """A module ran and gave a tensor."""

    name: str
    number: int
    module: nn.Module
    shape: tuple[int, ...]


def find_layer(network: nn.Module, images: Tensor, name: str = "") -> Layer:
    """Find the deepest maps of a network, or those of a layer named.

    The deepest is the last convolution that sees more than one place, with what follows it
    without changing the number of places (normalisation, activation, the block around it).
    Where layers with weights still work on places after it, as in transformers, it is the last
    maps after those. The network runs once on one image; it need not be traceable.

    Args:
        network: Any classifier, wrapped or not; left as it was found.
        images: (N, C, H, W), as the network reads them; only the first is used.
        name: Of a module; the deepest maps if empty.

    Raises:
        NetworkError: If no module of that name, or none at all, gives maps (N, C, H, W) of
            the images' proportions with more than one place.

    Source: Selvaraju et al. 2020, section 3 ("the last convolutional layer"); the paper's
        choice too (Rajaraman et al. 2020, section II-G).
    """
    with visiting(network) as plain, torch.no_grad():
        calls = _calls(plain, images[:1])
        known = [each for each, _ in plain.named_modules() if each]
        kind = type(plain).__name__
    maps = [n for n, call in enumerate(calls) if _gives_maps(call, images)]
    if name:
        return _named(kind, name, known, [calls[n] for n in maps], calls)
    if not maps:
        size = f"{images.shape[2]} x {images.shape[3]}"
        msg = (
            f"no module of {kind} gives maps with more than one place for images of {size}; "
            "give larger images, or another network (scripted ones cannot be looked into)"
        )
        raise NetworkError(msg)
    return _layer(calls[_deepest(kind, calls, maps)])


def spread_layers(network: nn.Module, images: Tensor, count: int) -> tuple[Layer, ...]:
    """Spread so many layers over a network, from shallow to its deepest maps.

    The convolutions up to the deepest maps are counted in running order; of n of them, layer i
    of k is convolution number n i / k, rounded up, with what follows it without changing the
    number of places and before the next one. The last is that of `find_layer`.

    Args:
        network: As for `find_layer`.
        images: Likewise.
        count: 1 or more; fewer are given where there are fewer convolutions.

    Raises:
        NetworkError: As `find_layer`.
        UsageError: If the count is below 1.

    Source: Garcia et al. 2023, figure 5, who show "different layers" and do not name them.
    """
    if count < 1:
        msg = f"{count} depths; 1 or more was expected"
        raise UsageError(msg)
    with visiting(network) as plain, torch.no_grad():
        calls = _calls(plain, images[:1])
    deepest = find_layer(network, images)
    maps = [n for n, call in enumerate(calls) if _gives_maps(call, images)]
    end = next(
        n for n in maps if (calls[n].name, calls[n].number) == (deepest.name, deepest.call)
    )
    starts = [n for n in maps if n <= end and isinstance(calls[n].module, nn.Conv2d)]
    count = min(count, len(starts))
    found = []
    for depth in range(1, count):
        place = math.ceil(len(starts) * depth / count) - 1
        start, following = starts[place], starts[place + 1]
        alike = [n for n in maps if start <= n < following]
        places = calls[start].shape[2:]
        found.append(_layer([calls[n] for n in alike if calls[n].shape[2:] == places][-1]))
    return (*dict.fromkeys(found), deepest)


def _deepest(kind: str, calls: Sequence[_Call], maps: Sequence[int]) -> int:
    convolutions = [n for n in maps if isinstance(calls[n].module, nn.Conv2d)]
    start = convolutions[-1] if convolutions else maps[-1]
    places = calls[start].shape[2:]
    deepest = [n for n in maps if n >= start and calls[n].shape[2:] == places][-1]
    working = [n for n, call in enumerate(calls) if n > deepest and _works_on_places(call)]
    if not working:
        return deepest
    later = [n for n in maps if n >= working[-1]]
    if not later:
        last = calls[working[-1]]
        msg = (
            f"the deepest layer of {kind} that knows places, {last.name!r}, gives "
            f"{last.shape}, no maps (1, C, H, W); name a layer that does, such as "
            f"{calls[deepest].name!r}"
        )
        raise NetworkError(msg)
    return later[-1]


def _named(
    kind: str, name: str, known: Sequence[str], maps: Sequence[_Call], calls: Sequence[_Call]
) -> Layer:
    """Give the last maps of a layer named; tell what stands in the way."""
    if found := [call for call in maps if call.name == name]:
        return _layer(found[-1])
    names = list(dict.fromkeys(call.name for call in maps))
    if name in known:
        given = [call.shape for call in calls if call.name == name]
        why = f"gives {given[-1]}" if given else "gives no tensor of its own when it runs"
        msg = f"layer {name!r} of {kind} {why}; maps (1, C, H, W) were expected"
    else:
        msg = f"{kind} has no layer {name!r}{did_you_mean(name, names)}"
    last = ", ".join(repr(each) for each in names[-_SHOWN:])
    msg = f"{msg}; the last layers with maps are {last}" if names else msg
    raise NetworkError(msg)


def _calls(plain: nn.Module, image: Tensor) -> list[_Call]:
    calls: list[_Call] = []
    counts: dict[str, int] = {}

    def watch(name: str) -> Watch:
        def note(module: nn.Module, _arguments: tuple[object, ...], given: object) -> None:
            number = counts.get(name, 0)
            counts[name] = number + 1
            if isinstance(given, Tensor):
                calls.append(_Call(name, number, module, tuple(given.shape)))

        return note

    watched(plain, image, {name: watch(name) for name, _ in plain.named_modules() if name})
    return calls


def _gives_maps(call: _Call, images: Tensor) -> bool:
    """Whether a result is (1, C, H, W), more than one place, of the images' proportions."""
    if len(call.shape) != 4 or call.shape[0] != 1 or 0 in call.shape:
        return False
    height, width = call.shape[2:]
    tall, wide = images.shape[2:]
    # Within one place, as odd sides are rounded; channels that lie last do not pass.
    return height * width > 1 and abs(height * wide - width * tall) <= max(tall, wide)


def _works_on_places(call: _Call) -> bool:
    """Whether a module with weights of its own gives several places, in whatever order."""
    own = next(call.module.parameters(recurse=False), None)
    sides = sorted(call.shape[1:])
    return own is not None and len(sides) > 1 and math.prod(sides[:-1]) > 1


def _layer(call: _Call) -> Layer:
    maps, height, width = call.shape[1:]
    return Layer(call.name, call.number, (maps, height, width))
