"""Progress bars for a run."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from leanlung.cli.speaking import asides

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Bars:
    """Shows what a run tells, on standard error."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<18}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=asides(),
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
