"""The folder of a paper with variants: the only place that knows what its files are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanlung.foundations.errors import UsageError
from leanlung.runs.paper_folder import PaperFolder, folder_name

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
    return folder_name(paper.name, [resolved, dict(data)], as_published=paper.as_published)


@dataclass(frozen=True)
class VariantsFolder(PaperFolder):
    """Where everything of a paper lies; each run is below it."""

    @property
    def given(self) -> Path:
        """The file as it was given."""
        return self.path / "variants.toml"

    @property
    def resolved(self) -> Path:
        """The paper with all defaults and changes."""
        return self.path / "variants.resolved.json"

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
