"""The folder of a series: the only place that knows what its files are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanlung.foundations import fingerprints
from leanlung.foundations.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.series.recipe import Series


def series_name(series: Series, data: str) -> str:
    """Name a series after its file and a hash of file and data, as runs are named.

    Args:
        series: With all defaults and changes.
        data: Fingerprint of the data.
    """
    resolved = series.model_dump(mode="json")
    del resolved["attention"]  # it decides nothing of the networks, and may be asked for later
    stamp = "-as-published" if series.as_published else ""
    return f"{series.name}{stamp}-{fingerprints.of_value([resolved, data])[:8]}"


@dataclass(frozen=True)
class SeriesFolder:
    """Where everything of a series lies; each run is below it.

    Attributes:
        path: ``<out>/<series>-<hash>``.
    """

    path: Path

    @property
    def series(self) -> Path:
        """The file as it was given."""
        return self.path / "series.toml"

    @property
    def resolved(self) -> Path:
        """The series with all defaults and changes."""
        return self.path / "series.resolved.json"

    @property
    def cohort(self) -> Path:
        """The manifest that every run reads, with the part of each study."""
        return self.path / "cohort.csv"

    @property
    def data(self) -> Path:
        """Counts, archives, unreadable files and what was looked for across runs."""
        return self.path / "data.json"

    @property
    def environment(self) -> Path:
        """Versions and machine."""
        return self.path / "environment.json"

    @property
    def top(self) -> Path:
        """Which networks go on, and why."""
        return self.path / "top.json"

    @property
    def runs(self) -> Path:
        """Which run is which."""
        return self.path / "runs.json"

    @property
    def choice(self) -> Path:
        """Everything that was fixed before the test part was opened, by fingerprint."""
        return self.path / "choice.json"

    @property
    def opening(self) -> Path:
        """The step in which the test part is opened."""
        return self.path / "opening"

    @property
    def openings(self) -> Path:
        """The book of openings of the test part."""
        return self.path / "openings.jsonl"

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

    def stage(self, stage: str, network: str) -> Path:
        """The folder in which the run of a network in a stage lies."""
        return self.path / stage / network

    def folds(self, task: str, network: str, fold: int) -> Path:
        """A network of a task, fitted without a fold."""
        return self.path / task / "folds" / network / f"fold-{fold}"

    def ensembles(self, task: str) -> Path:
        """What the ensembles of a task learnt before the test part was opened."""
        return self.path / task / "ensembles"

    def combined(self, task: str) -> Path:
        """What the ensembles of a task answered on the test part."""
        return self.path / task / "combined"

    @property
    def attention(self) -> Path:
        """Where networks look: the step that tells it, or what ``leanlung explain`` drew."""
        return self.path / "attention"

    def ensemble_bundle(self, task: str) -> Path:
        """The pruned networks of a task as one thing that can be handed on."""
        return self.path / task / "export" / "ensemble"

    def out_of_fold(self, task: str, network: str, kind: str) -> Path:
        """What a network said of its training studies, each by one fitted without it."""
        return self.path / task / "folds" / network / f"out-of-fold-{kind}.csv"


def open_series(path: Path) -> SeriesFolder:
    """Find an existing series.

    Raises:
        UsageError: If the path is none.
    """
    folder = SeriesFolder(path)
    if not (folder.resolved.is_file() and folder.data.is_file()):
        msg = (
            f"{path}: no folder of a series; one that `leanlung reproduce` made was expected "
            "(start it again if it was stopped at its very beginning)"
        )
        raise UsageError(msg)
    return folder
