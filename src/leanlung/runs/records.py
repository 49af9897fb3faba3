"""Records: the JSON files in which a run tells of itself, read back or told as damaged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from leanlung.foundations.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_ANEW = "start the run again with `leanlung run`, which writes it anew"


def read_record(
    path: Path, needed: Mapping[str, type] | None = None, *, anew: str = _ANEW
) -> dict[str, Any]:
    """Read a file of a run that holds one JSON object.

    Args:
        path: The file.
        needed: Keys that its reader goes by, dotted (``network.backbone``), and their kinds.
        anew: What writes it anew, for the error.

    Raises:
        RunError: If it cannot be read, holds something else, or lacks a key.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}); {anew}"
        raise RunError(msg) from error
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"no JSON ({error})", anew) from error
    if not isinstance(found, dict):
        raise damaged(path, "a JSON object was expected", anew)
    require_keys(path, found, needed or {})
    return found


def require_keys(path: Path, found: Mapping[str, Any], needed: Mapping[str, type]) -> None:
    """Make sure that a file holds what its reader goes by.

    Raises:
        RunError: If a key is missing, or of another kind.
    """
    for key, kind in needed.items():
        value = _value(found, key)
        if value is None:
            raise damaged(path, f"{key} is missing")
        if not isinstance(value, kind):
            raise damaged(path, f"{key} is {value!r}")


def require_seeds(path: Path, seeds: Iterable[object]) -> None:
    """Make sure that what a file calls seeds are some.

    Raises:
        RunError: If there is none, or one is no whole number.
    """
    seeds = list(seeds)
    if not seeds:
        raise damaged(path, "there is no seed")
    for seed in seeds:
        if not str(seed).isdecimal():
            raise damaged(path, f"a seed is {seed!r}")


def damaged(path: Path, why: str, anew: str = _ANEW) -> RunError:
    """Make the error of a file that is not what a run wrote.

    Args:
        path: The file.
        why: What was found.
        anew: What writes it anew.
    """
    return RunError(f"{path}: damaged: {why}; {anew}")


def _value(found: Mapping[str, Any], key: str) -> object:
    """Give the value of a dotted key; None if there is none."""
    value: Any = found
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
