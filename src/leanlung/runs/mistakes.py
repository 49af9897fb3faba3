"""Mistakes in a recipe: all of them at once, each with its line and what was probably meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

from leanlung.foundations.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import ValidationError

Path = tuple[str, ...]

_TABLE = re.compile(r"^\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(
    r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*="""
)


def told(where: object, mistakes: Sequence[str]) -> str:
    """Say what is wrong with a file, each mistake on a line of its own and once.

    Args:
        where: The file.
        mistakes: At least one.
    """
    once = list(dict.fromkeys(mistakes))
    count = "a mistake" if len(once) == 1 else f"{len(once)} mistakes"
    return f"{where} has {count}:\n  " + "\n  ".join(once)


def doubled(names: Sequence[str]) -> list[str]:
    """Give the names that stand more than once, in their order."""
    return [name for name in dict.fromkeys(names) if names.count(name) > 1]


def lines_of(text: str) -> dict[Path, int]:
    """Find the line on which each key and table of a TOML text stands, counted from 1.

    Keys inside inline tables count as standing on the line of the table. Of tables that stand
    several times, ``[[a]]``, each has its number in the key: ``("a", "0", "b")``.
    """
    lines: dict[Path, int] = {}
    table: Path = ()
    repeated: dict[Path, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _TABLE.match(line):
            table = _parts(found[1])
            if line.lstrip().startswith("[["):
                repeated[table] = repeated.get(table, -1) + 1
                table = (*table, str(repeated[table]))
            else:
                table = _in_last(table, repeated)
            lines.setdefault(table, number)
        elif found := _KEY.match(line):
            lines.setdefault((*table, *_parts(found[1])), number)
    return lines


def describe(
    error: ValidationError,
    root: type[BaseModel],
    lines: Mapping[Path, int],
    changed: Sequence[Path] = (),
) -> list[str]:
    """Say what is wrong with a recipe, one sentence a mistake, in the file's order.

    Args:
        error: From pydantic.
        root: The model that was expected.
        lines: Line of every key.
        changed: Keys that ``--set`` gave another value; their mistakes have no line.

    Returns:
        Sentences such as ``line 12, prune.round: unknown key; did you mean 'rounds'?``.
    """
    told = []
    for mistake in error.errors():
        path = tuple(str(part) for part in mistake["loc"])
        from_outside = any(path[: len(one)] == one for one in changed)
        line = None if from_outside else _line(path, lines)
        where = f"line {line}, " if line else "--set " if from_outside else ""
        key = f"{'.'.join(path)}: " if path else ""  # what is wrong with the whole names it
        told.append((line or 0, f"{where}{key}{_sentence(mistake, path, root)}"))
    return [sentence for _, sentence in sorted(told, key=lambda item: item[0])]


def _sentence(mistake: Mapping[str, Any], path: Path, root: type[BaseModel]) -> str:
    found = mistake.get("input")
    match mistake["type"]:
        case "extra_forbidden" | "unexpected_keyword_argument":
            return f"unknown key{did_you_mean(path[-1], _keys(root, path[:-1]))}"
        case "missing":
            return "missing; it has no default"
        case "literal_error":
            choices = re.findall(r"'([^']*)'", mistake["ctx"]["expected"])
            if not choices:  # numbers
                return f"{found!r} is none of {mistake['ctx']['expected']}"
            return f"{found!r} is none of {choices}{did_you_mean(str(found), choices)}"
        case "value_error":
            return str(mistake["ctx"]["error"])
        case "int_parsing_size":
            return f"a whole number of at most 2**63 - 1 was expected; got {found!r}"
        case _:
            return f"{mistake['msg'][0].lower()}{mistake['msg'][1:]}; got {found!r}"


def _keys(root: type[BaseModel], path: Sequence[str]) -> list[str]:
    """List the keys a table of the recipe may have."""
    kind: Any = root
    for part in path:
        if part.isdecimal():  # one of several tables
            continue
        field = _fields(kind).get(part)
        if field is None:
            return []
        candidates = (field, *get_args(field))
        kind = next((one for one in candidates if _fields(one)), None)
    return list(_fields(kind))


def _fields(kind: Any) -> dict[str, Any]:  # noqa: ANN401 - a model, a dataclass or neither
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {name: field.annotation for name, field in kind.model_fields.items()}
    return dict(getattr(kind, "__dataclass_fields__", {}))


def _line(path: Path, lines: Mapping[Path, int]) -> int | None:
    """Give the line of a key, or of the nearest table that should hold it."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return None


def _in_last(table: Path, repeated: Mapping[Path, int]) -> Path:
    """Give the key of a table below the last of several, ``[a.b]`` after ``[[a]]``."""
    for end in range(len(table), 0, -1):
        if table[:end] in repeated:
            return (*table[:end], str(repeated[table[:end]]), *table[end:])
    return table


def _parts(dotted: str) -> Path:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
