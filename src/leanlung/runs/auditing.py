"""Audit films, or a finished run: leaks, confounding, and what is told without the lungs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from leanlung.evaluation.associations import age_band, association
from leanlung.evaluation.audit import Audit, LungRule
from leanlung.evaluation.leakage import leakage, pairs_alike
from leanlung.evaluation.sampling import Sampling
from leanlung.evaluation.shortcuts import MACRO
from leanlung.evaluation.verdict import judge
from leanlung.foundations.errors import StudyError, UsageError
from leanlung.foundations.files import write_json
from leanlung.runs.films import read_films
from leanlung.runs.folder import CHOICE, open_run
from leanlung.runs.lung_masks import with_masks
from leanlung.runs.progress import Silent
from leanlung.runs.results import results_of
from leanlung.runs.shortcut_probes import Asked, probe_columns, probe_label
from leanlung.runs.sources import one_seed_note, predictions_of
from leanlung.studies.layouts import read_cohort
from leanlung.studies.manifest import read_manifest
from leanlung.studies.split import PARTS, given_parts, split_cohort

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from leanlung.runs.progress import Progress
    from leanlung.statistics import Predictions
    from leanlung.studies.study import Cohort

AUDIT = "audit.json"
"""What an audit of a run is called in its folder."""

COLUMNS = ("source", "view", "sex", "age")
"""Looked at wherever the data have them."""

WHOLE = "the probe on the whole film"


@dataclass(frozen=True)
class AuditPlan:
    """How to audit.

    Attributes:
        classes: To look at; all if none is named.
        columns: Further columns to set beside the class.
        masks: Lung masks beside those the data name: a table or a folder.
        lungs: ``masks`` takes films with a lung mask alone, ``box`` one rectangle for all;
            ``auto`` takes masks where every film has one. Never both in one audit: which of
            the two a film got could itself tell its source.
        metric: ``macro_auc`` or ``auc:<class>``.
        sampling: Seed, resamples and level.
    """

    classes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    masks: Path | None = None
    lungs: Literal["auto", "masks", "box"] = "auto"
    metric: str = MACRO
    sampling: Sampling = field(default_factory=Sampling)


def audit(path: Path, plan: AuditPlan | None = None, progress: Progress | None = None) -> Audit:
    """Audit a run folder, a manifest or a folder of images.

    Raises:
        UsageError: If the path is a bundle, or the plan does not fit the data.
        StudyError: If there is nothing to audit.
    """
    if (path / "config.json").is_file():
        msg = f"{path} is a bundle, which holds no films; audit its run, or a manifest"
        raise UsageError(msg)
    if (path / "recipe.resolved.json").is_file():
        return audit_run(path, plan, progress)
    return audit_data(path, plan, progress)


def audit_data(
    path: Path, plan: AuditPlan | None = None, progress: Progress | None = None
) -> Audit:
    """Audit a manifest or a folder; probes are cross-validated over patients.

    Args:
        path: What ``--data`` would be. A ``split`` column tells parts, which are looked
            through for leaks.
        plan: How.
        progress: Told what is going on.

    Raises:
        StudyError: If there is nothing to read.
        UsageError: If the plan does not fit the data.
    """
    plan, progress = plan or AuditPlan(), progress or Silent()
    cohort = read_cohort(path)
    if plan.classes:
        cohort = cohort.of_classes(plan.classes)
    written = {s.study_id: s.attributes.get("split", "") for s in cohort.studies}
    parts = {name: part for name, part in written.items() if part}
    told = []
    if parts and len(parts) < len(written):
        told.append(f"split: {len(written) - len(parts)} studies stand in no part")
    if strange := sorted(set(parts.values()) - set(PARTS)):
        told.append(f"split: parts {strange} beside or instead of {list(PARTS)}")
    return _audited(cohort, parts, plan, progress, told, None)


def audit_run(
    path: Path, plan: AuditPlan | None = None, progress: Progress | None = None
) -> Audit:
    """Audit a run, and write ``audit.json`` into its folder.

    Probes learn from the training and validation parts and answer the test part, as the
    network did, whose AUC there is the headline; of several seeds, the first. That the test
    part is opened again, for the same choice, is written down. Of a run that is not finished
    the test part stays sealed, and the others are cross-validated.

    Args:
        path: The run folder.
        plan: How; its classes are the run's own.
        progress: Told what is going on.

    Raises:
        UsageError: If the path is no run folder, or the plan does not fit the run.
        StudyError: If a film of the run is gone.
    """
    plan, progress = plan or AuditPlan(), progress or Silent()
    folder = open_run(path)
    if plan.classes:
        msg = "a run is audited in its own classes; --class is for a manifest or a folder"
        raise UsageError(msg)
    cohort = read_manifest(folder.cohort)
    order = json.loads(folder.data.read_text(encoding="utf-8"))["classes"]
    cohort = cohort.of_classes(order)
    parts = given_parts(cohort)
    split = split_cohort(cohort, parts, 0, folder.openings)
    if not folder.metrics.is_file():
        told = ["the run is not finished: its test part stays sealed and is not looked at"]
        seen = cohort.where(lambda study: parts[study.study_id] != "test")
        known = {s.study_id: str(parts[s.study_id]) for s in seen.studies}
        found = _audited(seen, known, plan, progress, told, None)
    else:
        headline = predictions_of(path, None)
        first = next(iter(results_of(folder)["seeds"]))
        split.test.open(chosen=folder.seed(int(first)).choose / CHOICE)
        named = {name: str(part) for name, part in parts.items()}
        told = [note] if (note := one_seed_note(path)) else []
        found = _audited(cohort, named, plan, progress, told, headline)
    write_json(path / AUDIT, found.as_dict())
    return found


def _audited(
    cohort: Cohort,
    parts: Mapping[str, str],
    plan: AuditPlan,
    progress: Progress,
    told: list[str],
    headline: Predictions | None,
) -> Audit:
    if plan.masks is not None:
        cohort, fitted = with_masks(cohort, plan.masks)
        told.append(fitted)
    by_masks = _by_masks(cohort, plan)
    films = read_films(cohort, by_masks=by_masks, progress=progress)
    seen = films.cohort
    if not seen.studies:
        first = seen.unreadable[0].reason if seen.unreadable else "it has no film"
        msg = f"{cohort.name}: no film to audit; the first: {first}"
        raise StudyError(msg)
    if lost := len(seen.studies) - int(films.usable.sum()):
        told.append(f"{lost} films without a usable lung mask are left out of the probes")
    columns = _columns(seen, plan, told)
    asked = Asked(films, columns, parts, plan.metric, plan.sampling, headline)
    progress.note("looking for films that are alike")
    alike = pairs_alike([s.study_id for s in seen.studies], films.shas, films.looks)
    asked = replace(asked, alike=tuple((one, other) for _, one, other in alike))
    tables = [
        association(
            name,
            values,
            [study.label for study in seen.studies],
            [study.patient_id for study in seen.studies],
            plan.sampling,
        )
        for name, values in columns.items()
    ]
    associations = tuple(table for table in tables if table is not None)
    probes = probe_columns(asked, progress, told)
    measured = probe_label(asked, progress, told)
    name = headline.model if headline else WHOLE
    readable = [one.column for one in probes if one.better_than_chance]
    verdict = judge(measured.baselines, associations, readable, name)
    return Audit(
        cohort=seen.name,
        made_up=seen.made_up,
        studies=len(seen.studies),
        patients=len(seen.patients),
        classes=seen.counts,
        unreadable=tuple(bad.reason for bad in seen.unreadable),
        told=tuple(told),
        verdict=verdict.level,
        reasons=verdict.reasons,
        cautions=verdict.cautions,
        leakage=leakage(seen, parts, alike),
        associations=associations,
        probes=probes,
        lungs=LungRule(
            "masks" if by_masks else "box",
            films.masked,
            sum(study.lung_mask is None for study in seen.studies),
            films.mask_problems,
            films.covered,
        ),
        protocol=asked.protocol,
        headline_name=name,
        headline=measured.headline,
        baselines=measured.baselines,
        settings=asked.settings,
    )


def _by_masks(cohort: Cohort, plan: AuditPlan) -> bool:
    having = sum(study.lung_mask is not None for study in cohort.studies)
    if plan.lungs == "masks" and not having:
        msg = (
            f"{cohort.name}: no film has a lung mask; name them under mask_path or with "
            "--masks, or take --lungs box"
        )
        raise UsageError(msg)
    return plan.lungs == "masks" or (plan.lungs == "auto" and having == len(cohort.studies))


def _columns(cohort: Cohort, plan: AuditPlan, told: list[str]) -> dict[str, list[str]]:
    """Give the values of every column that is there; tell which are not."""
    found = {}
    for name in dict.fromkeys((*COLUMNS, *plan.columns)):
        values = [study.attributes.get(name, "") for study in cohort.studies]
        if name == "age":
            values = [age_band(value) for value in values]
        if any(values):
            found[name] = values
        elif name in plan.columns:
            known = sorted({key for study in cohort.studies for key in study.attributes})
            msg = f"{cohort.name}: no column {name!r}; there are {known}"
            raise UsageError(msg)
        else:
            told.append(f"no {name} is written for any film: that part is left out")
    return found
