"""One seed: its facts as values, and what they come to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from leanlung.statistics import Comparison, Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leanlung.reports.facts import SeedFacts
    from leanlung.statistics import Predictions

Outcome = Literal["non_inferior", "kept", "inconclusive", "inferior"]

UNPRUNED = "unpruned"

# A network that was kept whole is no proof that a smaller one does as well.
_WORST_LAST: tuple[Outcome, ...] = ("non_inferior", "kept", "inconclusive", "inferior")


@dataclass(frozen=True)
class Network:
    """One network on the test part.

    Attributes:
        name: ``unpruned``, or that of the chosen candidate.
        look: Sets its colour and line, the same over the whole page.
        predictions: Its answers.
        size: As `leanlung.networks.ModelSize` names it; in a run that masks weights also
            ``masked_bytes``, of the file of a masked network, in one that reads features
            ``classifier_numbers`` and ``classifier_bytes``.
        estimates: By metric.
        by_source: Accuracy by source.
        calibration: As in ``metrics.json``; None in a run of an earlier version.
        storage: Its forms on disk, as in ``metrics.json``; None where a run tells of none.
        learnt: Its answers on the training part; None where they were not asked for.
        training: Estimates of these, by metric; None likewise.
    """

    name: str
    look: Literal["unpruned", "chosen"]
    predictions: Predictions
    size: Mapping[str, int]
    estimates: Mapping[str, Estimate]
    by_source: Mapping[str, Estimate]
    calibration: Mapping[str, Any] | None
    storage: Mapping[str, Any] | None = None
    learnt: Predictions | None = None
    training: Mapping[str, Estimate] | None = None

    @property
    def masked(self) -> bool:
        """Whether weights of it are held at zero."""
        return bool(self.size.get("masked_bytes"))

    @property
    def file_bytes(self) -> int:
        """Bytes of its files, as a bundle stores it, a classifier on its features included."""
        weights = self.size.get("masked_bytes") or self.size["file_bytes"]
        return weights + (self.size.get("classifier_bytes") or 0)

    @property
    def numbers(self) -> int:
        """Its parameters, and the numbers of a classifier on its features."""
        return self.size["stored"] + (self.size.get("classifier_numbers") or 0)


@dataclass(frozen=True)
class Seed:
    """One seed.

    Attributes:
        number: Which.
        outcome: The verdict, or ``kept`` where no smaller network was chosen.
        sentence: The verdict as the run gave it.
        reason: Of the choice.
        comparison: Of the chosen network with the unpruned one.
        elsewhere: The same by other metrics; empty where the whole network was kept.
        majority: Accuracy of always answering the commonest class.
        networks: The unpruned and the chosen; the unpruned alone where it was kept.
        candidates: All rounds, on the validation part.
        confounding: Of the test part.
        bootstrap_seed: Of the intervals.
        groups: Tables of groups, as in ``metrics.json``; empty where the whole network was
            kept, and in a run of an earlier version, as are ``threshold_changes``.
        flips: Studies that changed sides, likewise; None in a run of an earlier version.
        threshold_changes: At the frozen thresholds.
        features: How features were chosen, as in ``metrics.json``; None where none were.
    """

    number: int
    outcome: Outcome
    sentence: str
    reason: str
    comparison: Comparison
    elsewhere: tuple[Comparison, ...]
    majority: Estimate
    networks: tuple[Network, ...]
    candidates: Sequence[Mapping[str, Any]]
    confounding: Mapping[str, Any]
    bootstrap_seed: int
    groups: Sequence[Mapping[str, Any]]
    flips: Mapping[str, Any] | None
    threshold_changes: Sequence[Mapping[str, Any]]
    features: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, facts: SeedFacts) -> Seed:
        """Read the facts of a seed."""
        measured = facts.measured
        comparison = Comparison.from_dict(measured["comparison"])
        before, after = facts.learnt or (None, None)
        networks = [_network(UNPRUNED, facts.unpruned, measured, before)]
        if measured["chosen"] != UNPRUNED:
            networks.append(_network(measured["chosen"], facts.chosen, measured, after))
        return cls(
            facts.seed,
            comparison.verdict if len(networks) > 1 else "kept",
            measured["sentence"],
            measured["reason"],
            comparison,
            tuple(map(Comparison.from_dict, measured["elsewhere"])),
            Estimate.from_dict(measured["majority"]),
            tuple(networks),
            measured["candidates"],
            measured["confounding"],
            measured["bootstrap_seed"],
            measured.get("groups", ()),
            measured.get("flips"),
            measured.get("threshold_changes", ()),
            measured.get("features"),
        )

    @property
    def unpruned(self) -> Network:
        """The whole network."""
        return self.networks[0]

    @property
    def chosen(self) -> Network:
        """The network that was chosen."""
        return self.networks[-1]

    @property
    def kept(self) -> bool:
        """Whether the whole network was chosen."""
        return self.outcome == "kept"

    @property
    def losses(self) -> tuple[Comparison, ...]:
        """Losses beyond the margin that are shown, by other metrics than the verdict's."""
        return tuple(one for one in self.elsewhere if one.verdict == "inferior")

    @property
    def classes(self) -> tuple[str, ...]:
        """In the order of the networks' outputs."""
        return self.unpruned.predictions.classes

    def studies_of(self, index: int) -> int:
        """Count the test studies of a class."""
        return int((self.unpruned.predictions.labels == index).sum())


def worst(seeds: Sequence[Seed]) -> Seed:
    """Give the seed with the worst outcome; of several, the one that may have lost most."""

    def badness(seed: Seed) -> tuple[int, float]:
        low = seed.comparison.difference.low
        return _WORST_LAST.index(seed.outcome), math.inf if low is None else -low

    return max(seeds, key=badness)


def candidate_name(number: int) -> str:
    """Name the candidate of a round as the chosen one is named."""
    return UNPRUNED if number == 0 else f"round-{number:02d}"


def _network(
    name: str,
    predictions: Predictions,
    measured: Mapping[str, Any],
    learnt: Predictions | None,
) -> Network:
    found = measured["models"][name]
    training = [Estimate.from_dict(entry) for entry in found.get("training", ())]
    estimates = [Estimate.from_dict(entry) for entry in found["estimates"]]
    return Network(
        name,
        "unpruned" if name == UNPRUNED else "chosen",
        predictions,
        found["size"],
        {one.name: one for one in estimates},
        {
            source: Estimate.from_dict(entry)
            for source, entry in found["accuracy_by_source"].items()
        },
        found.get("calibration"),
        found.get("storage"),
        learnt,
        {one.name: one for one in training} or None,
    )
