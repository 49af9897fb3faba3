"""What the source imports comes with leanlung, or with an extra that pyproject.toml names."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import leanlung

SOURCE = Path(leanlung.__file__).parent
PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
INSTALLED = packages_distributions()
FOR_WORK = {"dev", "docs"}  # extras of those who build leanlung, not of those who use it


def named(requirements: list[str]) -> set[str]:
    """Give the distributions that requirements name."""
    names = [re.match(r"[A-Za-z0-9._-]+", one)[0] for one in requirements]
    return {name.lower().replace("_", "-") for name in names}


CORE = named(PROJECT["dependencies"])
EXTRAS = {
    name
    for extra, requirements in PROJECT["optional-dependencies"].items()
    if extra not in FOR_WORK
    for name in named(requirements)
}


def modules(tree: ast.Module) -> set[str]:
    """Give the names of the packages that a file imports."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


@cache
def imported() -> set[str]:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in SOURCE.rglob("*.py")]
    everything = set().union(*map(modules, trees))
    return everything - sys.stdlib_module_names - {"leanlung"}


def distributions(module: str) -> set[str]:
    found = INSTALLED.get(module, [module])
    return {name.lower().replace("_", "-") for name in found}


@pytest.mark.parametrize("module", sorted(imported()))
def test_what_is_imported_is_declared(module: str) -> None:
    assert distributions(module) & (CORE | EXTRAS)


@pytest.mark.parametrize("name", sorted(CORE))
def test_what_every_user_has_to_install_is_imported(name: str) -> None:
    assert name in set().union(*map(distributions, imported()))


def test_every_python_that_is_promised_is_named_and_no_older_one() -> None:
    least = tuple(map(int, PROJECT["requires-python"].removeprefix(">=").split(".")))
    prefix = "Programming Language :: Python :: "
    told = [
        tuple(map(int, one.removeprefix(prefix).split(".")))
        for one in PROJECT["classifiers"]
        if one.startswith(prefix)
    ]
    assert min(told) == least
    assert told == [(3, minor) for minor in range(least[1], least[1] + len(told))]
