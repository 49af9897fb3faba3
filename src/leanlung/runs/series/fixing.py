"""The ensembles of a series, fixed before the test part is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.ensembles import write_out_of_fold
from leanlung.runs.series.carrying import member, rounds_of, work_of
from leanlung.runs.series.combining import KINDS, Members, fix, validation_of
from leanlung.runs.series.folds import Chain, draw_folds, out_of_fold_of
from leanlung.runs.series.recipe import PRETRAIN
from leanlung.runs.steps import fingerprint

if TYPE_CHECKING:
    from leanlung.ensembles import OutOfFold
    from leanlung.runs.series.carrying import Carrying
    from leanlung.runs.series.combining import Kind
    from leanlung.runs.series.recipe import TaskSection


def fix_ensembles(now: Carrying, top: tuple[str, ...]) -> None:
    """Choose every combiner of every task before the test part is opened."""
    for task in now.series.task:
        section = task.ensemble
        if section is None:
            continue
        learnt = _out_of_fold(now, task, top) if "stacking" in section.combiners else {}
        members: dict[Kind, Members] = {}
        inputs: dict[str, Any] = {}
        for kind in KINDS:
            folders = [member(now, task, network, kind) for network in top]
            found = [
                validation_of(folder, network, by_file=now.series.as_published)
                for folder, network in zip(folders, top, strict=True)
            ]
            members[kind] = Members(top, tuple(found), learnt.get(kind, ()))
            inputs[kind] = [fingerprint(folder) for folder in folders]
        fix(now.folder.ensembles(task.name), section, members, inputs, now.series.seed)


def _out_of_fold(
    now: Carrying, task: TaskSection, top: tuple[str, ...]
) -> dict[Kind, tuple[OutOfFold, ...]]:
    section = task.ensemble
    if section is None:
        return {}
    alike = now.whole.alike
    found: dict[Kind, list[OutOfFold]] = {kind: [] for kind in KINDS}
    for network in top:
        work = work_of(now, task.name, network)
        folds = draw_folds(work, section.folds, alike)
        again = section.pretrain == "again"
        chain = Chain(
            network,
            work_of(now, PRETRAIN, network) if again else None,
            work,
            rounds_of(now, task, network),
            now.folder.path,
            {fold: now.folder.folds(task.name, network, fold) for fold in range(section.folds)},
            alike,
        )
        now.progress.note(f"{task.name} · {network}: {section.folds} folds")
        for kind in KINDS:
            answered = out_of_fold_of(chain, folds, pruned=kind == "pruned")
            write_out_of_fold(now.folder.out_of_fold(task.name, network, kind), answered)
            found[kind].append(answered)
    return {kind: tuple(each) for kind, each in found.items()}
