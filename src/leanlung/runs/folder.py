"""The run folder: the only place that knows what its files are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanlung.foundations import fingerprints
from leanlung.foundations.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.recipe import Recipe


def run_name(recipe: Recipe, data: str) -> str:
    """Name a run after its recipe and a hash of recipe and data.

    A changed recipe, or changed data, never overwrites an earlier run.

    Args:
        recipe: As resolved, defaults included.
        data: Fingerprint of the data.
    """
    resolved = recipe.model_dump(mode="json")
    return f"{recipe.name}-{fingerprints.of_value([resolved, data])[:8]}"


@dataclass(frozen=True)
class RunFolder:
    """Where everything of a run lies.

    Attributes:
        path: ``<out>/<recipe>-<hash>``.
    """

    path: Path

    @property
    def recipe(self) -> Path:
        """The recipe as it was given."""
        return self.path / "recipe.toml"

    @property
    def resolved(self) -> Path:
        """The recipe with all defaults and changes."""
        return self.path / "recipe.resolved.json"

    @property
    def environment(self) -> Path:
        """Versions and machine."""
        return self.path / "environment.json"

    @property
    def cohort(self) -> Path:
        """The manifest of all studies used, with hashes and parts."""
        return self.path / "cohort.csv"

    @property
    def split(self) -> Path:
        """Part of every study."""
        return self.path / "split.csv"

    @property
    def data(self) -> Path:
        """Counts, unreadable files, leaks, confounding."""
        return self.path / "data.json"

    @property
    def openings(self) -> Path:
        """The book of openings of the test part."""
        return self.path / "openings.jsonl"

    @property
    def metrics(self) -> Path:
        """All results as JSON."""
        return self.path / "metrics.json"

    @property
    def report(self) -> Path:
        """The page to read."""
        return self.path / "report.html"

    @property
    def tables(self) -> Path:
        """Results as CSV."""
        return self.path / "tables"

    @property
    def thumbnails(self) -> Path:
        """Small pictures of the studies that the report shows."""
        return self.path / "figures" / "films"

    @property
    def audit(self) -> Path:
        """What an audit found, if there was one."""
        return self.path / "audit.json"

    @property
    def external(self) -> Path:
        """What was found on external data, if there were any."""
        return self.path / "external" / "external.json"

    def seed(self, seed: int) -> SeedFolder:
        """Give the folder of one seed."""
        return SeedFolder(self.path / f"seed-{seed}")


@dataclass(frozen=True)
class SeedFolder:
    """Where everything of one seed lies; each step has a folder of its own."""

    path: Path

    def fit(self, network: str) -> Path:
        """The trained, whole network."""
        return self.path / "2-fit" / network

    def round(self, network: str, number: int) -> Path:
        """The network after one round of pruning."""
        return self.path / "3-prune" / network / f"round-{number:02d}"

    def tightened(self, network: str) -> Path:
        """The network as its mask was tightened, before it is trained on."""
        return self.path / "3-prune" / network / "tightened"

    @property
    def choose(self) -> Path:
        """The choice."""
        return self.path / "4-choose"

    @property
    def evaluate(self) -> Path:
        """Predictions and metrics on the test part."""
        return self.path / "6-evaluate"

    @property
    def export(self) -> Path:
        """The bundle."""
        return self.path / "8-export"

    @property
    def bundle(self) -> Path:
        """What can be handed on."""
        return self.export / "bundle"


WEIGHTS = "network.safetensors"
"""Of a candidate, in the folder of its step."""

CANDIDATE = "candidate.json"
HISTORY = "history.csv"
EPOCHS = "epochs"
"""Folder of networks kept while they were fitted, in that of the fitting."""
LINEAGE = "lineage.json"
OPTIMISER = "optimiser.safetensors"
CHECKPOINT = "checkpoint.safetensors"
VALIDATION = "predictions-validation.csv"
CLASSIFIER = "classifier.skops"
"""That reads the features of a candidate's network, where it has one."""

CERTIFICATE = "certificate.json"
FEATURES = "features.json"
CHOICE = "choice.json"
EVALUATION = "evaluation.json"
TRAINING = "predictions-{name}-train.csv"
READOUTS = "readouts.json"
"""How the probabilities of both networks are to be read, beside the choice."""

STEP = "step.json"


def kept_epoch(fitted: Path, number: int) -> Path:
    """Give the file of a network as it was after an epoch, beside the fitted one."""
    return fitted / EPOCHS / f"epoch-{number:02d}" / WEIGHTS


def open_run(path: Path) -> RunFolder:
    """Find an existing run.

    Raises:
        UsageError: If the path is no run folder.
    """
    folder = RunFolder(path)
    if not (folder.resolved.is_file() and folder.data.is_file()):
        msg = (
            f"{path}: no run folder; one that `leanlung run` made was expected (start it again "
            "if it was stopped at its very beginning)"
        )
        raise UsageError(msg)
    return folder
