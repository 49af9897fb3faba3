"""Progress: what a run tells while it works; how it looks is the command line's business."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager


class Progress(Protocol):
    """Somebody who wants to know."""

    def task(self, name: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        """Begin something with so many parts; give what is told how many are done."""

    def note(self, text: str) -> None:
        """Say something that stays."""


class Silent:
    """Says nothing."""

    @contextmanager
    def task(self, name: str, total: int) -> Iterator[Callable[[int], None]]:  # noqa: ARG002
        """Begin something nobody watches."""
        yield lambda _done: None

    def note(self, text: str) -> None:
        """Keep it to oneself."""
