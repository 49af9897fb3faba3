"""External data: what is lost on the way to another hospital, beside what pruning loses.

Nothing is fitted or chosen here: thresholds and temperature are those of the bundle.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from leanlung.exports.models import seen_by
from leanlung.foundations.errors import DataRefused, StudyError
from leanlung.runs.evidence import Intervals, calibration_of
from leanlung.runs.external_models import answering_models_of
from leanlung.runs.model_answers import answers_of
from leanlung.statistics import (
    Predictions,
    compare_all,
    measure,
    metric_names,
    metrics_elsewhere,
)
from leanlung.statistics.drop import drop_between
from leanlung.statistics.readout import Readout
from leanlung.statistics.shared_classes import over_classes
from leanlung.studies.layouts import read_cohort
from leanlung.studies.pictures.hashes import pixel_sha256

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    import torch
    from numpy.typing import NDArray

    from leanlung.exports import Model as BundleOrEnsemble
    from leanlung.runs import external_models

    Model = external_models.Model[BundleOrEnsemble]
    Models = external_models.Models[BundleOrEnsemble]
    from leanlung.statistics import Estimate
    from leanlung.studies.study import Cohort, Study

_SHOWN = 3


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes:
        metric: Of the verdict; that of the run, or ``macro_auc``, if not given.
        margin: Largest loss that counts as non-inferior; that of the run, or 0.02, likewise.
        level: Of all intervals, two-sided.
        resamples: Of every bootstrap.
        seed: Of every bootstrap.
        shared_only: Whether classes that one side lacks are left out, on both sides.
    """

    metric: str | None = None
    margin: float | None = None
    level: float = 0.95
    resamples: int = 2000
    seed: int = 0
    shared_only: bool = False

    @property
    def intervals(self) -> Intervals:
        """How intervals are reached."""
        return Intervals(self.level, self.resamples, self.seed)


@dataclass(frozen=True)
class External:
    """What was found on external data.

    Attributes:
        told: As JSON: ``model``, ``data``, ``studies``, ``patients``, ``classes``,
            ``left_out``, ``metric``, ``margin``, ``level``, ``models``, ``compression`` and
            ``notes``.
        predictions: Of every network, over all its classes.
    """

    told: dict[str, Any]
    predictions: tuple[Predictions, ...]


def evaluate_external(
    path: Path, data: Path, plan: Plan, device: torch.device, seed: int | None = None
) -> External:
    """Measure a run or a bundle on labelled images of another source.

    Args:
        path: A finished run, whose unpruned and chosen network are both measured, a bundle, or
            an ensemble.
        data: A manifest or a folder of images.
        plan: What is measured.
        device: Where networks run.
        seed: Of the run, whose networks are measured; its first if not given.

    Returns:
        For each network its figures on the external data, the change from the internal test
        part to them, its frozen thresholds there and its calibration; for a run also what
        pruning changes on either side.

    Raises:
        UsageError: If the path is neither a run nor a bundle.
        StudyError: If classes are not shared and `Plan.shared_only` is not set, fewer than two
            are, or an image cannot be read.
        DataRefused: If an image is one the run has seen already, or one that the ensemble was
            put together on.
    """
    found = answering_models_of(path, seed)
    bundle = found.models[0].bundle
    cohort = read_cohort(data)
    classes = _shared(cohort, bundle.classes, data, plan)
    studies = tuple(study for study in cohort.studies if study.label in classes)
    external = answers_of(
        [(model.name, model.bundle) for model in found.models],
        studies,
        device,
        _refusing_known(found, data),
    )
    evaluate = found.recipe.get("evaluate", {})
    metric = plan.metric or evaluate.get("metric", "macro_auc")
    margin = plan.margin or evaluate.get("margin", 0.02)
    left_out = {
        name: sum(study.label == name for study in cohort.studies)
        for name in cohort.classes
        if name not in classes
    }
    told = {
        "model": str(path),
        "data": str(data),
        "studies": len(studies),
        "patients": len({study.patient_id for study in studies}),
        "classes": list(classes),
        "left_out": left_out | {name: 0 for name in bundle.classes if name not in classes},
        "metric": metric,
        "margin": margin,
        "level": plan.level,
        "models": {
            model.name: _measured(model, one, classes, plan)
            for model, one in zip(found.models, external, strict=True)
        },
        "compression": _compression(found, external, classes, (metric, margin), plan),
        "notes": _notes(found, classes),
    }
    return External(told, external)


def _shared(cohort: Cohort, known: Sequence[str], data: Path, plan: Plan) -> tuple[str, ...]:
    """Give the classes that both sides have, in the order of the network's."""
    strange = [name for name in cohort.classes if name not in known]
    absent = [name for name in known if not cohort.counts.get(name)]
    shared = tuple(name for name in known if name not in absent)
    if len(shared) < 2:
        msg = (
            f"{data}: its labels are {list(cohort.classes)}, the network's classes "
            f"{list(known)}; two or more have to be shared for anything to be told apart"
        )
        raise StudyError(msg)
    if (strange or absent) and not plan.shared_only:
        sides = [f"only in the data: {strange}"] * bool(strange)
        sides += [f"only in the network: {absent}"] * bool(absent)
        msg = (
            f"{data}: classes are not shared ({'; '.join(sides)}); correct the labels, or "
            f"leave these classes out on both sides with --shared-only, which keeps "
            f"{list(shared)}"
        )
        raise StudyError(msg)
    return shared


def _refusing_known(found: Models, data: Path) -> Any:  # noqa: ANN401 - shown each image
    """Give what looks at every image: one the run has seen is no external one."""

    def look(study: Study, image: NDArray[np.float32]) -> None:
        if found.known and (seen := found.known.get(pixel_sha256(image))):
            msg = (
                f"{data}: {study.image} is the very picture of study {seen!r} of the run; "
                "external data are of other patients: leave such images out"
            )
            raise DataRefused(msg)
        for model in found.models:
            if (put_together_on := seen_by(model.bundle)) is not None:
                put_together_on.require_other(image, study.image, model.name)

    return look


def _measured(
    model: Model, external: Predictions, classes: tuple[str, ...], plan: Plan
) -> dict[str, Any]:
    settings = asdict(plan.intervals)
    there = measure(over_classes(external, classes), **settings)
    here = _internal(model, classes, settings)
    readout = model.bundle.readout
    if readout is not None:
        kept = tuple(one for one in readout.thresholds if one.of_class in classes)
        readout = Readout(readout.temperature, kept)
    return {
        "estimates": [one.as_dict() for one in there],
        "internal": [one.as_dict() for one in here.values()],
        "drop": [
            drop_between(here[one.name], one).as_dict()
            for one in there
            if one.name in here and here[one.name].level == one.level
        ],
        "calibration": (
            None if readout is None else calibration_of(external, readout, plan.intervals)
        ),
    }


def _internal(
    model: Model, classes: tuple[str, ...], settings: dict[str, Any]
) -> dict[str, Estimate]:
    """Give the figures of the internal test part, over the same classes."""
    if model.internal is not None:
        found = measure(over_classes(model.internal, classes), **settings)
        return {estimate.name: estimate for estimate in found}
    if classes != model.bundle.classes:
        return {}
    names = metric_names(classes)
    return {name: one for name, one in model.estimates.items() if name in names}


def _compression(
    found: Models,
    external: Sequence[Predictions],
    classes: tuple[str, ...],
    judged: tuple[str, float],
    plan: Plan,
) -> dict[str, Any] | None:
    """Compare the two networks of a run, on the internal test part and on the external data."""
    if len(external) < 2:
        return None
    metric, margin = judged
    internal = [model.internal for model in found.models if model.internal is not None]
    sides = {}
    for side, pair in (("internal", internal), ("external", external)):
        first, second = (over_classes(one, classes) for one in pair)
        names = [metric, *metrics_elsewhere(metric, classes)]
        every = compare_all(first, second, names, margin=margin, **asdict(plan.intervals))
        sides[side] = [one.as_dict() for one in every]
    return sides


def _notes(found: Models, classes: tuple[str, ...]) -> list[str]:
    model = found.models[0]
    notes = []
    if model.internal is None and not model.estimates:
        notes.append("this bundle tells nothing of an internal test part: no drop can be given")
    elif model.internal is None and classes != model.bundle.classes:
        notes.append(
            "this bundle's internal figures are over classes that were left out: no drop can "
            "be given; evaluate its run instead"
        )
    if model.bundle.readout is None:
        notes.append("this bundle has no frozen thresholds and no temperature")
    if found.seed is not None and len(found.recipe.get("seeds", ())) > 1:
        notes.append(f"of the run's seeds, these are the networks of seed {found.seed}")
    return notes
