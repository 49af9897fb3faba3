"""Published figures: those of a recipe's source, and whether a page can show them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def require_writable(published: dict[str, Any]) -> None:
    """Refuse published figures that a page cannot show.

    Raises:
        ValueError: Naming each with its key.
    """
    if problems := [f"published{key}: {why}" for key, why in unwritable(published)]:
        raise ValueError("; ".join(problems))


def unwritable(value: Any, key: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Find the numbers in a table that a page cannot show, with their keys."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from unwritable(inner, f"{key}.{name}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from unwritable(inner, f"{key}[{place}]")
    elif isinstance(value, float) and not math.isfinite(value):
        yield key, f"a number was expected; got {value}; leave out what is not known"
