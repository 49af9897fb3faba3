"""Explained: what was found on single films, and what it comes to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from leanlung.attention import average, average_difference

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leanlung.runs.explaining.explainers import Explainers
    from leanlung.studies.study import Study

REGIONS = ("lungs", "boxes", "masks")


class Row(NamedTuple):
    """One measure of one network on one film, as ``attention.csv`` holds it.

    Attributes:
        study_id: Of the film.
        patient_id: Whose.
        label: Its class.
        part: Of the split; empty if unknown.
        model: Network or ensemble.
        predicted: What it answers.
        of_class: What it was asked about.
        region: One of `REGIONS`.
        measure: One of `MEASURES`.
        value: In [0, 1]; None where it is undefined.
        chance: What a map without preference would reach.
    """

    study_id: str
    patient_id: str
    label: str
    part: str
    model: str
    predicted: str
    of_class: str
    region: str
    measure: str
    value: float | None
    chance: float


@dataclass
class Explained:
    """Gathers what is found, film by film.

    Attributes:
        told: What is to be told beside the figures.
        rows: So far.
        left_out: Why films were left out, and how many.
    """

    told: list[str]
    rows: list[Row] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    _patients: list[str] = field(default_factory=list)
    _parts: Counter[str] = field(default_factory=Counter)
    _regions: Counter[str] = field(default_factory=Counter)
    _maps: Counter[str] = field(default_factory=Counter)
    _problems: list[dict[str, str]] = field(default_factory=list)

    @property
    def films(self) -> int:
        """How many were explained."""
        return len(self._patients)

    def leave_out(self, why: str, films: int = 1) -> None:
        """Count films that are not explained."""
        self.left_out[why] += films

    def problem(self, study: str, why: str) -> None:
        """Note that something drawn on a film does not fit it; the film itself is explained."""
        self._problems.append({"study_id": study, "problem": why})

    def add_film(self, study: Study, part: str, regions: Iterable[str]) -> None:
        """Count a film that is explained."""
        self._patients.append(study.patient_id)
        self._parts[part] += 1
        self._regions.update(list(regions))  # a mapping would add its values

    def add_map(self, model: str, empty: bool) -> None:
        """Count a map in which nothing speaks for the class."""
        self._maps[model] += int(empty)

    def summary(
        self, explainers: Explainers, level: float, resamples: int, seed: int
    ) -> dict[str, Any]:
        """Give counts, averages and differences, ready for JSON.

        Args:
            explainers: Who was asked.
            level: Of the intervals.
            resamples: Of the bootstrap.
            seed: Of the bootstrap; every figure is reached in the same resamples.

        Returns:
            ``films``, ``patients``, ``parts``, ``left_out``, ``with`` and ``without`` each
            region, ``problems``, ``models``, ``differences`` and ``told``.
        """
        by_model: dict[str, dict[tuple[str, str], dict[str, Row]]] = {}
        for row in self.rows:
            kinds = by_model.setdefault(row.model, {})
            kinds.setdefault((row.region, row.measure), {})[row.study_id] = row
        settings: dict[str, Any] = {"level": level, "resamples": resamples, "seed": seed}
        return {
            "films": self.films,
            "patients": len(set(self._patients)),
            "parts": {part or "unknown": count for part, count in self._parts.items()},
            "left_out": dict(self.left_out),
            "with": {region: self._regions[region] for region in REGIONS},
            "without": {region: self.films - self._regions[region] for region in REGIONS},
            "problems": self._problems,
            "models": {
                name: {
                    "empty_maps": self._maps[name],
                    "measures": [
                        self._average(kind, found, settings)
                        for kind, found in by_model.get(name, {}).items()
                    ],
                }
                for name in explainers.names
            },
            "differences": [
                entry
                for baseline, model in explainers.pairs
                for entry in _differences(baseline, model, by_model, settings)
            ],
            "settings": settings,
            "told": [*self.told, *self._cautions(explainers)],
        }

    def _average(
        self, kind: tuple[str, str], found: dict[str, Row], settings: dict[str, Any]
    ) -> dict[str, Any]:
        rows = [row for row in found.values() if row.value is not None]
        estimate = average(
            ":".join(kind[::-1]),
            [row.value for row in rows if row.value is not None],
            [row.patient_id for row in rows],
            **settings,
        )
        chance = sum(row.chance for row in rows) / len(rows) if rows else None
        return {
            "region": kind[0],
            "measure": kind[1],
            "estimate": estimate.as_dict(),
            "chance": chance,
            "undefined": len(found) - len(rows),
        }

    def _cautions(self, explainers: Explainers) -> list[str]:
        told = []
        if learnt := self._parts["train"]:
            told.append(f"the network learnt from {learnt} of these films")
        if self._parts[""] and not explainers.parts:
            told.append(
                f"whether networks learnt from them is not known of {self._parts['']} films"
            )
        return told


def _differences(
    baseline: str,
    model: str,
    by_model: dict[str, dict[tuple[str, str], dict[str, Row]]],
    settings: dict[str, Any],
) -> list[dict[str, Any]]:
    """Compare two models on the films where both have a value."""
    entries = []
    for (region, measure), before in by_model.get(baseline, {}).items():
        after = by_model[model][region, measure]
        both = [
            (one.value, after[study].value, one.patient_id) for study, one in before.items()
        ]
        known = [(one, two, who) for one, two, who in both if None not in (one, two)]
        difference = average_difference(
            f"{model} minus {baseline}",
            [one for one, _, _ in known if one is not None],
            [two for _, two, _ in known if two is not None],
            [who for *_, who in known],
            **settings,
        )
        entries.append(
            {
                "region": region,
                "measure": measure,
                "baseline": baseline,
                "model": model,
                "difference": difference.as_dict(),
                "undefined": len(both) - len(known),
            }
        )
    return entries
