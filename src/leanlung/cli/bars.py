"""Progress of a run: bars on a terminal, lines in a log."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

LINES = 10
"""How many lines a task of many parts gets in a log."""


def watching(console: Console) -> Bars | Lines:
    """Show progress as suits where it is read."""
    return Bars(console) if console.is_terminal else Lines(console)


class Bars:
    """Shows what a run tells as bars."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<18}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._progress.stop()

    @contextmanager
    def task(self, name: str, total: int) -> Iterator[Callable[[int], None]]:
        """Show a bar."""
        task = self._progress.add_task(name, total=total)
        yield lambda done: self._progress.update(task, completed=done)

    def note(self, text: str) -> None:
        """Say something that stays above the bars."""
        self._progress.console.print(text)


class Lines:
    """Writes what a run tells as lines."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None: ...

    @contextmanager
    def task(self, name: str, total: int) -> Iterator[Callable[[int], None]]:
        """Write a line each time another tenth is done, or another part if they are few."""
        last = 0

        def tell(done: int) -> None:
            nonlocal last
            reached = done * min(total, LINES) // max(total, 1)
            if reached > last:
                last = reached
                self.note(f"{name}: {done} of {total}")

        yield tell

    def note(self, text: str) -> None:
        """Write a line."""
        self._console.print(text, soft_wrap=True)
