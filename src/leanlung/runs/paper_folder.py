"""The folder of a reproduced paper: what a series of runs and a recipe with variants share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanlung.foundations import fingerprints

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


def folder_name(name: str, told: Any, *, as_published: bool) -> str:  # noqa: ANN401
    """Name a folder after a paper and a hash of what it does on which data, as runs are named.

    Args:
        name: Of the paper's file.
        told: All that decides its results, as JSON.
        as_published: Whether flaws are included; the name says so.
    """
    stamp = "-as-published" if as_published else ""
    return f"{name}{stamp}-{fingerprints.of_value(told)[:8]}"


@dataclass(frozen=True)
class PaperFolder:
    """Where everything of a paper lies; each run is below it.

    Attributes:
        path: ``<out>/<paper>-<hash>``.
    """

    path: Path

    @property
    def data(self) -> Path:
        """Counts, archives, what is left out and why."""
        return self.path / "data.json"

    @property
    def environment(self) -> Path:
        """Versions and machine."""
        return self.path / "environment.json"

    @property
    def runs(self) -> Path:
        """Which run is which."""
        return self.path / "runs.json"

    @property
    def choice(self) -> Path:
        """Everything that was fixed before a test part was opened, by fingerprint."""
        return self.path / "choice.json"

    @property
    def opening(self) -> Path:
        """The step in which test parts are opened."""
        return self.path / "opening"

    @property
    def results(self) -> Path:
        """All tables as JSON."""
        return self.path / "results.json"

    @property
    def tables(self) -> Path:
        """All tables as CSV."""
        return self.path / "tables"

    @property
    def report(self) -> Path:
        """The page to read."""
        return self.path / "report.html"

    @property
    def attention(self) -> Path:
        """Where networks look: the step that tells it, or what ``leanlung explain`` drew."""
        return self.path / "attention"
