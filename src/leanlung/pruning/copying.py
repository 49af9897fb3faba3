"""Copying: a deep copy of a network, quick with the many small things its modules hold."""

from __future__ import annotations

import copy
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, cast

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping

_SIMPLE = frozenset({type(None), bool, int, float, str})
_WAYS = (
    "__deepcopy__",
    "__reduce__",
    "__reduce_ex__",
    "__getstate__",
    "__getnewargs__",
    "__getnewargs_ex__",
    "__new__",
)
"""By which a class may say how it is copied."""


def copied_network(network: nn.Module, ready: Mapping[int, object]) -> nn.Module:
    """Copy a network as `copy.deepcopy` does, given copies of some of its tensors.

    A module holds some twenty-five values, most of them numbers, words and empty tables of
    hooks. `copy.deepcopy` remembers every one of them, which takes it longer than the weights.
    Here a module is made empty first, so that whatever refers to it finds its copy, and
    then given its values; a class with its own way of being copied is left to that.

    Args:
        network: Not changed.
        ready: Copies that are there already, by the ``id`` of what they are copies of.
    """
    memo = dict(ready)
    modules = list(network.modules())
    plain = {kind for kind in set(map(type, modules)) if _is_plain(kind)}
    modules = [module for module in modules if type(module) in plain]
    for module in modules:
        memo[id(module)] = object.__new__(type(module))
    for module in reversed(modules):  # children before those that hold them
        state = {name: _copied(value, memo) for name, value in module.__getstate__().items()}
        cast("Any", memo[id(module)]).__setstate__(state)
    return copy.deepcopy(network, memo)


def _is_plain(kind: type[nn.Module]) -> bool:
    """Whether a class is copied as torch's own modules are."""
    return kind.__setstate__.__module__.startswith("torch.nn.") and all(
        getattr(kind, way, None) is getattr(nn.Module, way, None) for way in _WAYS
    )


def _copied(value: object, memo: dict[int, object]) -> object:
    kind = type(value)
    if kind in _SIMPLE:
        return value
    if (known := memo.get(id(value))) is not None:
        return known
    if isinstance(value, dict) and kind in {dict, OrderedDict}:
        table = memo[id(value)] = type(value)()
        for key, one in value.items():
            table[_copied(key, memo)] = _copied(one, memo)
        return table
    if isinstance(value, tuple | set) and _SIMPLE.issuperset(map(type, value)):
        if kind is tuple:
            return value
        if kind is set:
            return memo.setdefault(id(value), set(value))
    return copy.deepcopy(value, memo)
