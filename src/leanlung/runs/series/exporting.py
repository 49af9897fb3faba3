"""The ensembles of a series as bundles: the pruned networks of a task that answer as one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from leanlung.ensembles import figures
from leanlung.exports import EnsembleBundle, load_bundle, save_ensemble
from leanlung.exports.ensemble_size import ensemble_size
from leanlung.exports.seen import Seen, ids_sha256
from leanlung.runs.folder import VALIDATION
from leanlung.runs.series.combining import fixed
from leanlung.runs.series.flaws import FLAWS
from leanlung.runs.steps import fingerprint, step
from leanlung.statistics import read_predictions
from leanlung.statistics.readout import Readout

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.gathering import Gathered
    from leanlung.runs.series.carrying import Carrying
    from leanlung.runs.series.ensemble import EnsembleSection
    from leanlung.runs.series.recipe import TaskSection

_FIRST = ("weighted", "mean", "vote", "stacking", "published")
"""Which ensemble is handed on where a task has several; no figure decides it."""


def export_ensembles(now: Carrying, top: tuple[str, ...]) -> None:
    """Make one ensemble of every task that has some into a bundle, once its runs are done."""
    for task in now.series.task:
        if task.ensemble is None:
            continue
        inputs: dict[str, Any] = {
            "fixed": fingerprint(now.folder.ensembles(task.name)),
            "members": {
                network: fingerprint(now.runs[task.name, network].seed(now.series.seed).export)
                for network in top
            },
        }
        place = now.folder.ensemble_bundle(task.name)
        step(place.parent, inputs, partial(_export, now, task, task.ensemble, top))


def handed_on(section: EnsembleSection) -> str:
    """Name the combiner of the ensemble that is handed on."""
    return next(name for name in _FIRST if name in section.combiners)


def _export(
    now: Carrying,
    task: TaskSection,
    section: EnsembleSection,
    top: tuple[str, ...],
    _here: Path,
) -> None:
    combiner = handed_on(section)
    place = now.folder.ensembles(task.name)
    ensemble = fixed(place, section, "pruned")[combiner]
    said = read_predictions(place / f"{combiner}-pruned" / VALIDATION)
    members = {
        network: load_bundle(now.runs[task.name, network].seed(now.series.seed).bundle)
        for network in top
    }
    entries: list[dict[str, Any]] = [
        {"step": "member", "about": f"{name}: {member.name}"}
        for name, member in members.items()
    ]
    flaws = FLAWS if now.series.as_published else ()
    save_ensemble(
        now.folder.ensemble_bundle(task.name),
        EnsembleBundle(
            name=f"{now.folder.path.name}-{task.name}-{combiner}",
            members=members,
            classes=ensemble.classes,
            combiner=ensemble.combiner,
            readout=Readout.of(said),
            seen=_seen(now.stages[task.name]),
            history=(
                {"step": "series", "about": now.series.name, "seed": now.series.seed},
                *({"step": "as published", "about": one} for one in flaws),
                *entries,
                {"step": "ensemble", "about": f"{combiner} of {len(top)} networks"},
            ),
            metrics={
                "size": ensemble_size(members, ensemble.combiner),
                "validation": {combiner: figures(said)},
                **({"as_published": list(flaws)} if flaws else {}),
            },
        ),
    )


def _seen(gathered: Gathered) -> Seen:
    """Name the validation images, which the ensemble was chosen on."""
    studies = [s for s in gathered.cohort.studies if gathered.parts[s.study_id] == "validation"]
    return Seen(
        studies=len(studies),
        patients=len({study.patient_id for study in studies}),
        study_ids_sha256=ids_sha256([study.study_id for study in studies]),
        pixels=frozenset(gathered.facts[one.study_id]["pixel_sha256"] for one in studies),
    )
