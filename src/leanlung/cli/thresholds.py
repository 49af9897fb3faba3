"""Thresholds as they are given on the command line, or written to JSON on validation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leanlung.foundations.errors import DataRefused, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMS = (
    "CLASS=0.31 for both models, CLASS=0.31/0.28 for A and B, or a JSON file that holds "
    '{"CLASS": 0.31} (one file for both, or two, of A and of B)'
)


def read_thresholds(given: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Read thresholds.

    Args:
        given: Each ``CLASS=0.31``, ``CLASS=0.31/0.28``, or the path of a JSON file, a bundle's
            ``config.json`` included, with classes and thresholds in it or under its entry
            ``thresholds``. Of two files the first is A's, the second B's.

    Returns:
        For each class the thresholds of baseline and candidate.

    Raises:
        UsageError: If one cannot be read.
        DataRefused: If a file says that its thresholds were chosen on the test part.
    """
    found: dict[str, tuple[float, float]] = {}
    files = [Path(text) for text in given if "=" not in text]
    if len(files) > 2:
        msg = f"{len(files)} files of thresholds; {FORMS}"
        raise UsageError(msg)
    if files:
        first, second = _read(files[0]), _read(files[-1])
        if set(first) != set(second):
            msg = (
                f"{files[0]} has thresholds of {sorted(first)}, {files[-1]} of "
                f"{sorted(second)}; the same classes are expected"
            )
            raise UsageError(msg)
        found |= {name: (first[name], second[name]) for name in first}
    for text in given:
        of_class, equals, numbers = text.rpartition("=")
        if not equals:
            continue
        one, slash, two = numbers.partition("/")
        try:
            found[of_class] = (float(one), float(two if slash else one))
        except ValueError:
            msg = f"--threshold {text}: {FORMS}"
            raise UsageError(msg) from None
    return found


def _read(path: Path) -> dict[str, float]:
    try:
        entries: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        msg = f"--threshold {path}: cannot be read ({error}); {FORMS}"
        raise UsageError(msg) from None
    if isinstance(entries, dict) and entries.get("part") == "test":
        msg = (
            f"{path}: these thresholds were chosen on a test part; choose them on validation, "
            "or what is then measured with them is too good to be true"
        )
        raise DataRefused(msg)
    found = entries.get("thresholds", entries) if isinstance(entries, dict) else entries
    if isinstance(found, dict) and isinstance(found.get("frozen"), list):  # of a bundle
        youden = [one for one in found["frozen"] if one["rule"] == "youden"]
        found = {one["of_class"]: one["value"] for one in youden}
    numbers = (
        {name: value for name, value in found.items() if name != "part"}
        if isinstance(found, dict)
        else None
    )
    if not numbers or not all(isinstance(value, int | float) for value in numbers.values()):
        msg = f"--threshold {path}: no thresholds in it; {FORMS}"
        raise UsageError(msg)
    return {name: float(value) for name, value in numbers.items()}
