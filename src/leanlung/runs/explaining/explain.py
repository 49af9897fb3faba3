"""Explain networks: maps of films, how far they agree with lungs and lesions, overlays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leanlung.attention import METHODS, read_lesions
from leanlung.foundations.errors import StatisticsError, StudyError, UsageError
from leanlung.foundations.files import write_json
from leanlung.foundations.suggestions import did_you_mean
from leanlung.foundations.tables import write_table
from leanlung.runs.explaining.explained import Explained, Row
from leanlung.runs.explaining.films import Reading, asked_studies, batches
from leanlung.runs.explaining.grid import LAYERS, write_layers
from leanlung.runs.explaining.maps import LIME, Looking
from leanlung.runs.lung_masks import with_masks
from leanlung.statistics.bootstrap import require_resamples
from leanlung.statistics.estimate import require_level
from leanlung.studies.layouts import read_cohort
from leanlung.studies.split import PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import torch

    from leanlung.runs.explaining.explainers import Explainers
    from leanlung.runs.progress import Progress

ALL_METHODS = (*METHODS, LIME)
TABLE, TOLD, OVERLAYS = "attention.csv", "attention.json", "overlays"


@dataclass(frozen=True)
class ExplainPlan:
    """How networks are explained.

    Attributes:
        method: One of `ALL_METHODS`.
        of_class: ``label`` asks every network about the film's own class, ``predicted`` each
            about its own answer; otherwise a class's name.
        layer: Whose maps are read; the deepest of each network if empty.
        boxes: Table of lesion boxes, and of lesion masks where it names them.
        findings: Of these boxes alone.
        masks: Lung masks beside those the data name: a table or a folder.
        part: ``train``, ``validation`` or ``test`` films alone; all if empty.
        limit: Explain so many films at most; those with lesions come first.
        overlays: Draw so many films, likewise.
        samples: Variants of a film for LIME.
        level: Of the two-sided intervals.
        resamples: Of the bootstrap over patients.
        seed: Of the bootstrap and of LIME.
    """

    method: str = "grad-cam"
    of_class: str = "label"
    layer: str = ""
    boxes: Path | None = None
    findings: tuple[str, ...] = ()
    masks: Path | None = None
    part: str = ""
    limit: int | None = None
    overlays: int = 24
    samples: int = 500
    level: float = 0.95
    resamples: int = 2000
    seed: int = 0


def explain(
    explainers: Explainers,
    data: Path,
    out: Path,
    plan: ExplainPlan,
    device: torch.device,
    progress: Progress,
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Explain networks on films, and write overlays, ``attention.csv`` and ``attention.json``.

    A grid of networks and layers gives overlays of several rows, and ``layers.csv`` too.

    Args:
        explainers: Who is asked.
        data: A manifest or a folder of images.
        out: Folder to write to.
        plan: How.
        device: Where networks run.
        progress: Told what is going on.
        notes: What else is to be told beside the figures.

    Returns:
        What ``attention.json`` holds: settings, counts, and for every network, ensemble and
        pair the averages with their intervals.

    Raises:
        UsageError: If method, class, part or a number does not exist or fit, or a method goes
            by gradients and a network answers by a classifier on its features.
        StudyError: If no film can be explained, or a table cannot be read.
        NetworkError: If a network has no maps to look at.
    """
    _require(plan, explainers)
    cohort = read_cohort(data)
    own = {s.study_id: s.lung_mask for s in cohort.studies if s.lung_mask is not None}
    told = list(notes)
    if plan.masks is not None:
        cohort, fitted = with_masks(cohort, plan.masks)
        told.append(fitted)
    lesions = read_lesions(plan.boxes, plan.findings) if plan.boxes is not None else {}
    explained = Explained(told)
    reading = Reading(explainers, plan, lesions, explained, own)
    studies = asked_studies(reading, cohort)
    looking = Looking(explainers, plan, device, explained, out / OVERLAYS)
    with progress.task("explaining films", len(studies)) as done:
        for films, seen in batches(reading, studies):
            looking.explain(films)
            done(seen)
        done(len(studies))
    if not explained.films:
        reasons = "; ".join(f"{why} ({count})" for why, count in explained.left_out.items())
        msg = f"{data}: none of {len(cohort.studies)} films can be explained: {reasons}"
        raise StudyError(msg)
    result = {
        "data": str(data),
        "method": plan.method,
        "of_class": plan.of_class,
        "layers": {name: layer.name for name, layer in looking.layers.items()},
        **explained.summary(explainers, plan.level, plan.resamples, plan.seed),
    }
    write_table(out / TABLE, Row._fields, (row._asdict() for row in explained.rows))
    if explainers.columns:
        write_layers(out / LAYERS, explainers, result)
    write_json(out / TOLD, result)
    return result


def _require(plan: ExplainPlan, explainers: Explainers) -> None:
    for about, found, known in (
        ("method", plan.method, ALL_METHODS),
        ("part", plan.part or PARTS[0], PARTS),
    ):
        if found not in known:
            msg = f"no {about} {found!r}; there are {list(known)}{did_you_mean(found, known)}"
            raise UsageError(msg)
    try:
        require_level(plan.level)
        require_resamples(plan.resamples, plan.level)
    except StatisticsError as error:
        raise UsageError(str(error)) from None
    explainers.require_class(plan.of_class)
    if plan.method == LIME and (plan.layer or any(each.layer for each in explainers.each)):
        msg = "--layer is of the methods by gradients; LIME looks at no layer"
        raise UsageError(msg)
    for one in explainers.each if plan.method != LIME else ():
        if one.bundle.classifier is not None:
            msg = (
                f"{one.name} answers by a {one.bundle.classifier.kind} on its network's "
                "features; a classifier on features has no gradient, which "
                f"{plan.method} goes by: ask with --method {LIME}, which hides parts of the "
                "film and needs none"
            )
            raise UsageError(msg)
    if plan.findings and plan.boxes is None:
        msg = "--finding chooses among lesion boxes; give them with --boxes"
        raise UsageError(msg)
