"""An audit: leaks, confounding and shortcuts of a set of films, as one value."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from leanlung.evaluation.associations import Association
from leanlung.evaluation.shortcuts import Baseline
from leanlung.foundations.errors import StudyError
from leanlung.statistics import Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leanlung.evaluation.verdict import Level

FORMAT = 1
"""Of ``audit.json``; raised when a field changes its meaning."""


@dataclass(frozen=True)
class Alike:
    """Two films that are one picture, or nearly.

    Attributes:
        kind: ``identical`` or ``near_identical``.
        studies: Both study ids.
        patients: Whose they are said to be.
        labels: What they are said to show.
        parts: Where they stand; empty without parts.
    """

    kind: str
    studies: tuple[str, str]
    patients: tuple[str, str]
    labels: tuple[str, str]
    parts: tuple[str, str]


@dataclass(frozen=True)
class Leakage:
    """What stands where it must not, and what cannot be known.

    Attributes:
        parts: Studies of each part; empty where the data tell no parts.
        between: Sentences, one a leak between two parts.
        alike: Films alike, but of different patients or of different classes.
        copies: Pairs of films alike within one patient and class: no leak.
        confidence: Studies by how sure their patient is: exact, derived, image_only.
        may_share: At most so many studies outside the training part share a patient with it
            unseen, since patients are not known; without parts, all studies whose patient is
            not known.
    """

    parts: dict[str, int]
    between: tuple[str, ...]
    alike: tuple[Alike, ...]
    copies: int
    confidence: dict[str, int]
    may_share: int


@dataclass(frozen=True)
class ColumnProbe:
    """How well the probe reads a column, such as the source, off the whole film.

    Attributes:
        column: Its name.
        values: Studies of each value asked for.
        left_out: Studies of values of too few patients.
        accuracy: Share answered rightly.
        balanced_accuracy: Mean over the values; 1 / values is chance.
        majority: Accuracy of always answering the commonest value.
    """

    column: str
    values: dict[str, int]
    left_out: dict[str, int]
    accuracy: Estimate
    balanced_accuracy: Estimate
    majority: Estimate

    @property
    def better_than_chance(self) -> bool:
        """Whether the interval of the balanced accuracy lies above chance."""
        low = self.balanced_accuracy.low
        return low is not None and low > 1 / len(self.values)


@dataclass(frozen=True)
class LungRule:
    """How the lungs were found.

    Attributes:
        rule: ``masks``, the rectangle around each film's mask, or ``box``, one rectangle for
            all.
        with_mask: Films that have a usable mask.
        without_mask: Films that have none.
        unusable: Why a mask could not be used, one sentence each.
        covered: By the box, share of lung on average over films with a mask; None by masks,
            or where there is none.
    """

    rule: str
    with_mask: int
    without_mask: int
    unusable: tuple[str, ...]
    covered: float | None


@dataclass(frozen=True)
class Audit:
    """All that was found.

    Attributes:
        cohort: Name of the set.
        made_up: Whether every film is a phantom.
        studies: Readable films.
        patients: Whose they are.
        classes: Films of each class.
        unreadable: Why a film could not be read, one sentence each.
        told: What was left out and why, one sentence each.
        verdict: ``alarm``, ``caution`` or ``nothing_found``.
        reasons: Of the alarm.
        cautions: What else asks for care.
        leakage: Leaks.
        associations: Columns beside the class.
        probes: Columns read off the film.
        lungs: How the lungs were found.
        protocol: How the probes were asked: cross-validated, or on a run's test part.
        headline_name: What the AUC is set beside.
        headline: That AUC; None where nothing could be probed.
        baselines: Beginning with the whole film.
        settings: Seed, folds, resamples, level, metric and features.
    """

    cohort: str
    made_up: bool
    studies: int
    patients: int
    classes: dict[str, int]
    unreadable: tuple[str, ...]
    told: tuple[str, ...]
    verdict: Level
    reasons: tuple[str, ...]
    cautions: tuple[str, ...]
    leakage: Leakage
    associations: tuple[Association, ...]
    probes: tuple[ColumnProbe, ...]
    lungs: LungRule
    protocol: str
    headline_name: str
    headline: Estimate | None
    baselines: tuple[Baseline, ...]
    settings: dict[str, Any]

    @property
    def alarm(self) -> bool:
        """Whether a baseline without lungs comes close to the headline."""
        return self.verdict == "alarm"

    @property
    def leaks(self) -> bool:
        """Whether something stands in two parts that must not."""
        return bool(self.leakage.between)

    def as_dict(self) -> dict[str, Any]:
        """Give a value that JSON can hold, with ``alarm`` and ``leaks`` beside the fields."""
        found: dict[str, Any] = _plain(asdict(self))
        return {"format": FORMAT, "alarm": self.alarm, "leaks": self.leaks, **found}

    @classmethod
    def from_dict(cls, entries: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gave.

        Raises:
            StudyError: If an entry is missing, or the format is another.
        """
        wanted = [one.name for one in fields(cls)]
        missing = [name for name in wanted if name not in entries]
        if missing or entries.get("format") != FORMAT:
            msg = (
                f"no audit: format {entries.get('format')!r}, missing {missing}; format "
                f"{FORMAT} with {wanted} was expected; run `leanlung audit` again"
            )
            raise StudyError(msg)
        read = {name: entries[name] for name in wanted}
        for name in ("unreadable", "told", "reasons", "cautions"):
            read[name] = tuple(read[name])
        leakage, lungs, headline = read["leakage"], read["lungs"], read["headline"]
        read["leakage"] = Leakage(
            **{
                **leakage,
                "between": tuple(leakage["between"]),
                "alike": tuple(_alike(one) for one in leakage["alike"]),
            }
        )
        read["associations"] = tuple(map(Association.from_dict, read["associations"]))
        read["probes"] = tuple(_column_probe(one) for one in read["probes"])
        read["lungs"] = LungRule(**{**lungs, "unusable": tuple(lungs["unusable"])})
        read["headline"] = None if headline is None else Estimate.from_dict(headline)
        read["baselines"] = tuple(map(Baseline.from_dict, read["baselines"]))
        return cls(**read)


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Turn tuples into lists, as JSON has them."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple | list) else value


def _alike(entries: Mapping[str, Any]) -> Alike:
    kind, *pairs = (entries[one.name] for one in fields(Alike))
    return Alike(kind, *(tuple(pair) for pair in pairs))


def _column_probe(entries: Mapping[str, Any]) -> ColumnProbe:
    names = ("accuracy", "balanced_accuracy", "majority")
    read = {name: Estimate.from_dict(entries[name]) for name in names}
    return ColumnProbe(**{**entries, **read})
