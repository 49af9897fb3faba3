"""The opening: all that is fixed is written down, then the test part is opened once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.foundations import fingerprints
from leanlung.foundations.files import write_json
from leanlung.runs.folder import CHOICE
from leanlung.runs.series.carrying import carry, rounds_of
from leanlung.runs.series.combining import KINDS, combine
from leanlung.runs.steps import fingerprint, step
from leanlung.studies.seal import SealedCohort

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.series.carrying import Carrying
    from leanlung.runs.series.combining import Kind
    from leanlung.runs.series.recipe import TaskSection


def open_test(now: Carrying, top: tuple[str, ...]) -> None:
    """Write down all that is fixed, open the test part once, and let every run go on."""
    fixed = {"top": fingerprints.of_file(now.folder.top)}
    for (stage, network), folder in now.runs.items():
        choice = folder.seed(now.series.seed).choose / CHOICE
        fixed[f"{stage}/{network}"] = fingerprints.of_file(choice)
    for task in now.series.task:
        if task.ensemble is not None:
            fixed[f"{task.name}/ensembles"] = fingerprint(now.folder.ensembles(task.name))
    runs = f"{len(now.runs)} runs and {sum(1 for one in fixed if one.endswith('/ensembles'))}"
    stamp = "AS PUBLISHED, chosen on the test part itself: " if now.series.as_published else ""
    write_json(
        now.folder.choice,
        {
            "chosen": f"{stamp}{runs} sets of ensembles of {', '.join(top)}",
            "as_published": now.series.as_published,
            "fixed": fixed,
        },
    )
    test = now.whole.cohort.where(lambda one: now.whole.parts[one.study_id] == "test")

    def do(_here: Path) -> None:
        SealedCohort(test, now.folder.openings).open(chosen=now.folder.choice)

    # Found again when all goes on after an interruption: it is opened once.
    step(now.folder.opening, {"choice": fingerprints.of_file(now.folder.choice)}, do)
    for child in tuple(now.children.values()):
        carry(now, child, "report")
    for task in now.series.task:
        if task.ensemble is not None:
            combine(
                now.folder.ensembles(task.name),
                now.folder.combined(task.name),
                task.ensemble,
                {kind: _answers(now, task, top, kind) for kind in KINDS},
            )


def _answers(
    now: Carrying, task: TaskSection, top: tuple[str, ...], kind: Kind
) -> tuple[Path, ...]:
    found = []
    for network in top:
        name = "unpruned"
        if kind == "pruned":
            rounds = rounds_of(now, task, network)
            name = f"round-{rounds:02d}" if rounds else "unpruned"
        here = now.runs[task.name, network].seed(now.series.seed).evaluate
        found.append(here / f"predictions-{name}-test.csv")
    return tuple(found)
