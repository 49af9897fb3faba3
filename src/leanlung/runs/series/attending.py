"""Attending: where the networks of a series look on its test films, once these are opened."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leanlung.attention import read_lesions
from leanlung.exports import EnsembleBundle, load_ensemble
from leanlung.foundations import fingerprints
from leanlung.foundations.errors import StudyError
from leanlung.foundations.files import write_json
from leanlung.foundations.seeds import Seeds
from leanlung.runs.explaining import Explainers, ExplainPlan, explain
from leanlung.runs.explaining.explain import TOLD
from leanlung.runs.explaining.explainers import Explainer, Together
from leanlung.runs.external_models import UNPRUNED, models_of
from leanlung.runs.lung_masks import with_masks
from leanlung.runs.records import read_record
from leanlung.runs.series.combining import KINDS, fixed
from leanlung.runs.series.exporting import handed_on
from leanlung.runs.steps import fingerprint, step
from leanlung.studies.manifest import read_manifest

if TYPE_CHECKING:
    from leanlung.runs.series.attention import AttentionSection
    from leanlung.runs.series.carrying import Carrying
    from leanlung.runs.series.combining import Kind
    from leanlung.runs.series.recipe import TaskSection

NAMES = "networks.json"
"""Whose maps they are, and what was missing; beside what `explain` writes."""

_TOGETHER = "the ensemble"
"""No network can be called so."""


@dataclass(frozen=True)
class Tables:
    """What attention is measured by.

    Attributes:
        boxes: Table of lesion boxes; None if it is not asked for or missing.
        masks: Table or folder of lung masks; None likewise.
        told: What is missing or does not fit.
    """

    boxes: Path | None
    masks: Path | None
    told: tuple[str, ...]


def attend(now: Carrying, top: tuple[str, ...]) -> None:
    """Explain the networks of a task and its ensemble, whole and pruned; nothing if unasked.

    Raises:
        StudyError: If no test film can be explained, or a table cannot be read.
        UsageError: If a finding stands in no row of the boxes.
    """
    section = now.series.attention
    if section is None:
        return
    task = now.series.attended()
    tables = tables_of(now, section)
    runs = {network: now.runs[task.name, network] for network in top}
    inputs: dict[str, Any] = {
        "attention": section.model_dump(mode="json"),
        "task": task.name,
        "level": task.evaluate.level,
        "resamples": task.evaluate.resamples,
        "seed": now.series.seed,
        "networks": {
            network: [
                fingerprint(folder.seed(now.series.seed).export),
                fingerprint(folder.seed(now.series.seed).fit(_backbone(now, task, network))),
            ]
            for network, folder in runs.items()
        },
        "ensemble": task.ensemble and fingerprint(now.folder.ensembles(task.name)),
        "data": now.stages[task.name].fingerprint,
        "boxes": tables.boxes and fingerprints.of_file(tables.boxes),
        "masks": tables.masks and _content(tables.masks),
        "missing": tables.told,
    }
    now.progress.note(f"{task.name}: where the networks look")
    step(now.folder.attention, inputs, partial(_attend, now, task, section, tables, top))


def tables_of(now: Carrying, section: AttentionSection) -> Tables:
    """Find the tables of a section, and read them before anything takes hours.

    Raises:
        StudyError: If the lesion boxes cannot be read.
        UsageError: If a finding stands in none of their rows.
    """
    told = []
    boxes, masks = (_place(name, now.options.data) for name in (section.boxes, section.masks))
    for what, name, path in (
        ("lesion boxes", section.boxes, boxes),
        ("lung masks", section.masks, masks),
    ):
        if name and path is None:
            told.append(f"no {what}: {name} is neither below --data nor here")
    if boxes is not None:
        read_lesions(boxes, section.findings)
    if masks is not None:
        task = now.series.attended()
        test = now.stages[task.name].cohort.where(
            lambda one: now.whole.parts[one.study_id] == "test"
        )
        try:
            with_masks(test, masks)
        except StudyError as error:
            told.append(f"lung masks not taken: {error}")
            masks = None
    return Tables(boxes, masks, tuple(told))


def attention_of(now: Carrying) -> dict[str, Any] | None:
    """Give what attention came to, as ``results.json`` holds it; None if nobody asked."""
    if now.series.attention is None:
        return None
    found = read_record(now.folder.attention / TOLD)
    found.pop("data")  # a place on this machine
    return {**read_record(now.folder.attention / NAMES), **found}


def _attend(
    now: Carrying,
    task: TaskSection,
    section: AttentionSection,
    tables: Tables,
    top: tuple[str, ...],
    here: Path,
) -> None:
    explainers, names = _explainers(now, task, top)
    films = now.runs[task.name, top[0]].cohort
    explain(
        explainers,
        films,
        here,
        ExplainPlan(
            method=section.method,
            boxes=tables.boxes,
            findings=section.findings if tables.boxes else (),
            masks=tables.masks,
            part="test",
            limit=section.limit,
            overlays=section.overlays,
            level=task.evaluate.level,
            resamples=task.evaluate.resamples,
            seed=Seeds(now.series.seed).number("attention"),
        ),
        now.device,
        now.progress,
    )
    lungs = _lungs_told(films, tables)
    write_json(
        here / NAMES,
        {"task": task.name, "networks": names, "missing": [*tables.told], "lungs": lungs},
    )


def _explainers(
    now: Carrying, task: TaskSection, top: tuple[str, ...]
) -> tuple[Explainers, list[dict[str, str]]]:
    """Give the networks and the ensemble of a task, whole and pruned, and what they are called.

    A network that was kept whole is looked into once.
    """
    each: list[Explainer] = []
    names: list[dict[str, str]] = []
    for network in top:
        whole, *smaller = models_of(now.runs[task.name, network].path).models
        each.append(Explainer(f"{network}, unpruned", whole.bundle))
        names.append({"network": network, UNPRUNED: each[-1].name, "pruned": ""})
        if smaller:
            each.append(Explainer(f"{network}, pruned", smaller[-1].bundle))
            names[-1]["pruned"] = each[-1].name
    together: list[Together] = []
    if task.ensemble is not None:
        for kind in KINDS:
            members = {one["network"]: one[kind] or one[UNPRUNED] for one in names}
            model = _ensemble(now, task, kind, members, each)
            name = f"{_TOGETHER}, {kind}"
            together.append(Together(name, tuple(members.values()), model))
        first, last = together
        if first.members == last.members:
            together.remove(last)
        names.append(
            {
                "network": _TOGETHER,
                UNPRUNED: first.name,
                "pruned": last.name if last in together else "",
            }
        )
    pairs = tuple((one[UNPRUNED], one["pruned"]) for one in names if one["pruned"])
    return Explainers(tuple(each), tuple(together), pairs), names


def _ensemble(
    now: Carrying, task: TaskSection, kind: Kind, members: dict[str, str], each: list[Explainer]
) -> EnsembleBundle:
    """Give the ensemble that is handed on, or that of the whole networks combined likewise."""
    if task.ensemble is None or kind == "pruned":
        return load_ensemble(now.folder.ensemble_bundle(task.name))
    combiner = handed_on(task.ensemble)
    place = now.folder.ensembles(task.name)
    ensemble = fixed(place, task.ensemble, kind)[combiner]
    bundles = {one.name: one.bundle for one in each}
    return EnsembleBundle(
        f"{combiner}, {kind}",
        {network: bundles[members[network]] for network in ensemble.members},
        ensemble.classes,
        ensemble.combiner,
    )


def _lungs_told(films: Path, tables: Tables) -> str:
    """Say whose lung masks it is measured by."""
    cohort = read_manifest(films)
    test = cohort.where(lambda one: one.attributes["split"] == "test")
    named = sum(study.lung_mask is not None for study in test.studies)
    if tables.masks is None:
        return f"lung masks that the films of the series have: {named}" if named else ""
    found, fitted = with_masks(test, tables.masks)
    own = {study.study_id: study.lung_mask for study in test.studies}
    others = sum(
        study.lung_mask is not None and study.lung_mask == own[study.study_id]
        for study in found.studies
    )
    beside = f"; of {others} others the masks that they have in the series" if others else ""
    return f"{fitted}{beside}"


def _backbone(now: Carrying, task: TaskSection, network: str) -> str:
    return now.children[task.name, network].recipe.network.backbone


def _content(masks: Path) -> str:
    files = sorted(masks.rglob("*")) if masks.is_dir() else [masks]
    return fingerprints.of_value(
        [[one.name, fingerprints.of_file(one)] for one in files if one.is_file()]
    )


def _place(name: str, data: Path | None) -> Path | None:
    places = [*([data / name] if data is not None else []), Path(name)] if name else []
    return next((path for path in places if path.exists()), None)
