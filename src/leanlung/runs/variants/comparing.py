"""Compare: paired over seeds and over patients, within a variant and between two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.statistics import (
    PairedRuns,
    compare_all,
    compare_runs,
    compare_seeds,
    find_metric,
    runs_sentence,
    seeds_sentence,
    sentence,
)
from leanlung.statistics.metrics import points
from leanlung.statistics.shared_classes import over_classes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leanlung.statistics import Predictions

    BySeed = Mapping[str, Predictions]


def compare_both_ways(
    group: str,
    baselines: BySeed,
    candidates: BySeed,
    metrics: Sequence[str],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Compare two networks over seeds and over patients.

    Args:
        group: Name to report it under.
        baselines: Predictions by seed.
        candidates: Those of the same seeds; of other seeds only those that both have.
        metrics: The first gives the verdict; the others are told beside it.
        settings: ``margin``, ``level``, ``resamples`` and ``seed``.

    Returns:
        ``seeds``, ``studies`` and ``patients`` that both have; ``over_patients``, a comparison
        a metric; ``over_runs``, every test that takes runs as its unit, Kruskal-Wallis among
        them, or None for fewer than two seeds; ``sentences`` and ``told`` with the reason
        where nothing could be compared.
    """
    seeds = [one for one in baselines if one in candidates]
    found: dict[str, Any] = {"name": group, "seeds": seeds, "metrics": list(metrics)}
    nothing: dict[str, Any] = {"over_patients": [], "over_runs": None, "sentences": []}
    if not seeds:
        return found | nothing | {"told": "no seed of one is a seed of the other"}
    pairs = [_same_studies(baselines[one], candidates[one]) for one in seeds]
    if any(one is None for one in pairs):
        told = "fewer than two classes, or no study, are shared"
        return found | nothing | {"told": told}
    known = [one for one in pairs if one is not None]
    before = {seed: pair[0] for seed, pair in zip(seeds, known, strict=True)}
    after = {seed: pair[1] for seed, pair in zip(seeds, known, strict=True)}
    first = known[0][0]
    found |= {"studies": len(first), "patients": first.patient_count, "told": ""}
    asked = [one for one in metrics if _has(one, first.classes)]
    over_patients, sentences = _over_patients(before, after, asked, settings)
    over_runs = None
    if len(seeds) > 1:
        over_runs = _over_runs(group, before, after, asked[0], settings)
        sentences += over_runs["sentences"]
    return found | {
        "over_patients": over_patients,
        "over_runs": over_runs,
        "sentences": sentences,
    }


def _has(metric: str, classes: Sequence[str]) -> bool:
    """Say whether a metric of one class is of a class that is there."""
    _, colon, of_class = metric.partition(":")
    return not colon or of_class in classes


def _over_patients(
    before: BySeed, after: BySeed, metrics: Sequence[str], settings: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], list[str]]:
    if len(before) > 1:
        seeds = compare_seeds(before, after, metrics, **settings)
        told = [sentence(seeds[0].comparison), seeds_sentence(seeds[0])]
        return [one.as_dict() for one in seeds], told
    [one], [other] = before.values(), after.values()
    alone = compare_all(one, other, metrics, **settings)
    return [each.as_dict() for each in alone], [sentence(alone[0])]


def _over_runs(
    group: str, before: BySeed, after: BySeed, metric: str, settings: Mapping[str, Any]
) -> dict[str, Any]:
    figures = [_figures(metric, side) for side in (before, after)]
    if not all(np.isfinite(one).all() for one in figures):
        return {"told": f"{metric} is undefined for a seed", "sentences": []}
    runs = PairedRuns(group, *figures)
    if settings["margin"] >= runs.largest:
        return {"told": f"all figures are below the margin {settings['margin']:g}",
                "sentences": []}  # fmt: skip
    [found] = compare_runs([runs], margin=settings["margin"], level=settings["level"])
    return found.as_dict() | {"told": "", "sentences": [runs_sentence(found)]}


def _figures(metric: str, side: BySeed) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array(
        [points([find_metric(metric, one.classes)], one)[0] for one in side.values()]
    )


def _same_studies(
    one: Predictions, other: Predictions
) -> tuple[Predictions, Predictions] | None:
    """Keep the classes and studies that both have; None if that leaves nothing to compare."""
    if one.classes != other.classes:
        shared = [name for name in one.classes if name in other.classes]
        if len(shared) < 2:
            return None
        one, other = over_classes(one, shared), over_classes(other, shared)
    known = set(one.study_ids) & set(other.study_ids)
    if not known:
        return None
    kept = [
        each.subset(np.array([name in known for name in each.study_ids]))
        for each in (one, other)
    ]
    return kept[0], kept[1]
