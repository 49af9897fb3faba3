"""The error tree that the docstring draws is the one that is raised."""

from __future__ import annotations

import inspect
import re

import pytest

from leanlung.foundations import errors
from leanlung.foundations.errors import LeanlungError

DRAWN = re.compile(r"^ +(?:[├└]── )?(\w+) +(?:(\w+Error) +)?(\d)(?: |$)", re.MULTILINE)
TREE = {name: (parent, int(code)) for name, parent, code in DRAWN.findall(errors.__doc__)}
CLASSES = {
    name: kind
    for name, kind in vars(errors).items()
    if inspect.isclass(kind) and issubclass(kind, LeanlungError)
}


def test_every_error_is_drawn_and_every_drawn_error_exists():
    assert len(TREE) == 14
    assert sorted(TREE) == sorted(CLASSES)


@pytest.mark.parametrize("name", sorted(TREE))
def test_an_error_ends_in_the_exit_code_that_is_drawn(name):
    assert CLASSES[name].exit_code == TREE[name][1]


@pytest.mark.parametrize("name", sorted(TREE))
def test_an_error_is_caught_by_its_builtin_name_and_by_the_root(name):
    builtins = [
        kind.__name__ for kind in CLASSES[name].__bases__ if kind.__module__ == "builtins"
    ]
    root = name == "LeanlungError"
    assert builtins == (["Exception"] if root else [TREE[name][0]] if TREE[name][0] else [])
    assert issubclass(CLASSES[name], LeanlungError)


def test_only_refused_data_and_wrong_usage_have_codes_of_their_own():
    others = {name: code for name, (_, code) in TREE.items() if code != 1}
    assert others == {"UsageError": 2, "DataRefused": 3}


@pytest.mark.parametrize("name", sorted(TREE))
def test_an_error_says_what_it_was_told(name):
    assert str(CLASSES[name]("line 3: no label")) == "line 3: no label"
