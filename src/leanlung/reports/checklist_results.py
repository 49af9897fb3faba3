"""What a run tells of its results for the items of a checklist, in a sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.reports import numbers
from leanlung.reports.checklist_asked import Told
from leanlung.reports.verdict import gloss

if TYPE_CHECKING:
    from collections.abc import Callable

    from leanlung.reports.checklist_asked import Asked


def _accuracy(_asked: Asked) -> Told:
    return Told("Sensitivity, specificity and AUC of each class with intervals.", "results")


def _calculated(asked: Asked) -> Told:
    version = asked.facts.environment["leanlung"]
    return Told(f"Softmax of the network, by leanlung {version}; stored as CSV.", "recipe")


def _characteristics(_asked: Asked) -> Told:
    return Told("Classes of each part, and of each source.", "data")


def _clusters(asked: Asked) -> Told | None:
    if len(asked.seed.unpruned.by_source) < 2:
        return None
    return Told("Accuracy within every source; sources beside classes.", "by-source")


def _external(asked: Asked) -> Told | None:
    found = asked.facts.external
    if not found:
        return None
    return Told(
        f"{numbers.counted(found['studies'], 'study', 'studies')} of other patients.",
        "external",
    )


def _failures(asked: Asked) -> Told:
    flips = " and the studies that changed sides" if asked.seed.flips else ""
    return Told(f"Confusion by class{flips}.", "flips" if asked.seed.flips else "answers")


def _fairness(asked: Asked) -> Told | None:
    if not asked.seed.groups:
        return None
    table = asked.seed.groups[0]
    spoken = sum(group["comparison"] is not None for group in table["groups"])
    return Told(
        f"Loss by pruning compared in {len(table['groups'])} groups, {spoken} of them large "
        "enough.",
        "groups",
    )


def _flow(_asked: Asked) -> Told:
    return Told("A flow from images found to images answered.", "flow")


def _limitations(asked: Asked) -> Told | None:
    if not asked.cautions:
        return None
    return Told(f"Warned of first: {numbers.listed(list(asked.cautions))}.", "verdict")


def _measures(asked: Asked) -> Told:
    metric = numbers.metric(asked.recipe["evaluate"]["metric"])
    return Told(
        f"Verdict by {metric}; further metrics, ROC curves, confusion, calibration.", "results"
    )


def _numbers(_asked: Asked) -> Told:
    return Told("Patients and studies of each part and class, and below every table.", "data")


def _output(asked: Asked) -> Told | None:
    if asked.seed.chosen.calibration is None:
        return None
    return Told(
        "Probabilities of all classes; thresholds by Youden’s index and for a sensitivity of "
        "0.95, frozen on validation.",
        "thresholds",
    )


def _performance(asked: Asked) -> Told:
    where = "by class, source and group" if asked.seed.groups else "by class and source"
    return Told(f"All metrics with intervals, {where}.", "results")


def _robustness(asked: Asked) -> Told:
    seeds = numbers.counted(len(asked.facts.seeds), "seed", "seeds")
    audit = "; audited for shortcuts" if asked.facts.audit else "; not audited for shortcuts"
    return Told(f"{seeds}{audit}.", "audit")


def _sample_size(asked: Asked) -> Told:
    found = asked.seed.unpruned.predictions
    return Told(
        f"Test part: {numbers.counted(len(found), 'study', 'studies')} of "
        f"{numbers.counted(found.patient_count, 'patient', 'patients')}; what they could show "
        "stands in the line of power.",
        "verdict",
    )


def _uncertainty(asked: Asked) -> Told:
    level = f"{numbers.plain(100 * asked.seed.comparison.difference.level)} % intervals"
    return Told(
        f"{level}, the method beside each; paired; patients, not images, count.", "results"
    )


def _updating(asked: Asked) -> Told | None:
    if asked.seed.chosen.calibration is None:
        return None
    return Told(
        "One temperature fitted on validation stands beside the probabilities; it changes none "
        "of them.",
        "calibration",
    )


def _verdict(asked: Asked) -> Told:
    return Told(gloss(asked.seed), "verdict")


FACTS: dict[str, Callable[[Asked], Told | None]] = {
    "accuracy": _accuracy,
    "calculated": _calculated,
    "characteristics": _characteristics,
    "clusters": _clusters,
    "external": _external,
    "failures": _failures,
    "fairness": _fairness,
    "flow": _flow,
    "limitations": _limitations,
    "measures": _measures,
    "numbers": _numbers,
    "output": _output,
    "performance": _performance,
    "robustness": _robustness,
    "sample_size": _sample_size,
    "uncertainty": _uncertainty,
    "updating": _updating,
    "verdict": _verdict,
}
"""By the name that an item of ``checklists.toml`` gives."""
