"""The folder of a series: the only place that knows what its files are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanlung.foundations.errors import UsageError
from leanlung.runs.paper_folder import PaperFolder, folder_name

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
    return folder_name(series.name, [resolved, data], as_published=series.as_published)


@dataclass(frozen=True)
class SeriesFolder(PaperFolder):
    """Where everything of a series lies; each run is below it."""

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
    def top(self) -> Path:
        """Which networks go on, and why."""
        return self.path / "top.json"

    @property
    def openings(self) -> Path:
        """The book of openings of the test part."""
        return self.path / "openings.jsonl"

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
