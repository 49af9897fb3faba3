"""Suggestions: what somebody probably meant."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Give ``; did you mean 'x'?`` for the nearest choice, or nothing if none is near.

    Capitals do not count.

    Examples:
        >>> did_you_mean("apos", ["apoz", "zero_variance"])
        "; did you mean 'apoz'?"
        >>> did_you_mean("svm", ["apoz", "zero_variance"])
        ''
    """
    written = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(word.lower(), written, n=1, cutoff=0.6)
    return f"; did you mean {written[near[0]]!r}?" if near else ""
