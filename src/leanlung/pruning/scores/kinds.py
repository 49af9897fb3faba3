"""Kinds: whether criteria are of the kind that a way of scoring takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.foundations.errors import SurgeryError

if TYPE_CHECKING:
    from collections.abc import Sequence


def require_kind(criteria: Sequence[object], kind: type, looks_at: str) -> None:
    """Make sure that all criteria are of a kind, and no two bear one name.

    Args:
        criteria: As they were given.
        kind: A protocol that can be looked up while running.
        looks_at: What criteria of that kind look at, for the message.

    Raises:
        SurgeryError: If one is a class, of another kind, or named as another is.
    """
    names: set[str] = set()
    for one in criteria:
        if isinstance(one, type):
            msg = f"{one.__name__} is a class; give a criterion: {one.__name__}()"
            raise SurgeryError(msg)
        name = getattr(one, "name", type(one).__name__)
        if not isinstance(one, kind):
            msg = (
                f"criterion {name!r} does not look at {looks_at}; score by it with "
                "score_units, which takes every kind"
            )
            raise SurgeryError(msg)
        if name in names:
            msg = (
                f"two criteria are named {name!r}; scores are given by name, so name them apart"
            )
            raise SurgeryError(msg)
        names.add(name)
