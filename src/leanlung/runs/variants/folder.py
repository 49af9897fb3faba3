"""The folder of a paper with variants: the only place that knows what its files are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanlung.foundations import fingerprints
from leanlung.foundations.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from leanlung.runs.variants.recipe import Variants


def paper_name(paper: Variants, data: Mapping[str, str]) -> str:
    """Name a paper after its file and a hash of file and data, as runs are named.

    Args:
        paper: With all defaults and changes.
        data: Fingerprint of every set of films that is there.
    """
    resolved = paper.model_dump(mode="json")
    stamp = "-as-published" if paper.as_published else ""
    return f"{paper.name}{stamp}-{fingerprints.of_value([resolved, dict(data)])[:8]}"


@dataclass(frozen=True)
class VariantsFolder:
    """Where everything of a paper lies; each run is below it.

    Attributes:
        path: ``<out>/<paper>-<hash>``.
    """

    path: Path

    @property
    def given(self) -> Path:
        """The file as it was given."""
        return self.path / "variants.toml"

    @property
    def resolved(self) -> Path:
        """The paper with all defaults and changes."""
        return self.path / "variants.resolved.json"

    @property
    def data(self) -> Path:
        """Counts of every set of films, archives, and what is left out and why."""
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
        """Everything that was chosen before a test part was opened, by fingerprint."""
        return self.path / "choice.json"

    @property
    def opening(self) -> Path:
        """The step in which the test parts are opened."""
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
        """Where networks look; a folder a variant."""
        return self.path / "attention"

    @property
    def images(self) -> Path:
        """How many images a removal takes."""
        return self.path / "images"

    def storage(self, leg: str) -> Path:
        """What the network of a leg takes on disk."""
        return self.path / "storage" / "forms" / leg

    def eight_bits(self, leg: str) -> Path:
        """What the network of a leg answers in eight bits."""
        return self.path / "storage" / "int8" / leg

    def manifest(self, dataset: str) -> Path:
        """The films of a data set, with the part of each."""
        return self.path / "data" / f"{dataset}.csv"

    def openings(self, dataset: str) -> Path:
        """The book of openings of its test part."""
        return self.path / "data" / f"{dataset}-openings.jsonl"

    @property
    def external_films(self) -> Path:
        """The films of other hospitals."""
        return self.path / "external" / "films.csv"

    def external(self, variant: str, seed: int) -> Path:
        """What the networks of one seed answered on films of other hospitals."""
        return self.path / "external" / variant / f"seed-{seed}"


def open_paper(path: Path) -> VariantsFolder:
    """Find an existing paper.

    Raises:
        UsageError: If the path is none.
    """
    folder = VariantsFolder(path)
    if not (folder.resolved.is_file() and folder.data.is_file()):
        msg = (
            f"{path}: no folder of a recipe with variants; one that `leanlung reproduce` made "
            "was expected (start it again if it was stopped at its very beginning)"
        )
        raise UsageError(msg)
    return folder
