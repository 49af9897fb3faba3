"""Until: the last stage that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.foundations.errors import UsageError
from leanlung.foundations.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence


def require_stage(name: str, stages: Sequence[str]) -> None:
    """Refuse a stage that does not exist.

    Raises:
        UsageError: Naming those that do, and the one that was probably meant.
    """
    if name not in stages:
        hint = did_you_mean(name, stages)
        msg = f"no stage {name!r}; there are {', '.join(stages)}{hint}"
        raise UsageError(msg)
