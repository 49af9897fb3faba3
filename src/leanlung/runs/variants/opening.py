"""The opening: all variants have chosen, then the test part of each data set is opened once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from leanlung.foundations import fingerprints
from leanlung.foundations.files import write_json
from leanlung.runs.folder import CHOICE
from leanlung.runs.steps import step
from leanlung.runs.variants.carrying import carry
from leanlung.runs.variants.variant import STAMP
from leanlung.studies.seal import SealedCohort

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.variants.carrying import Varying


def open_tests(now: Varying) -> None:
    """Write down every choice, open the test parts once, and let every run go on.

    All variants have chosen before any test part is opened, those on other films included: a
    figure of one can then be no reason for a choice in another.
    """
    fixed = {}
    for name, run in now.runs.items():
        for seed in now.recipes[name].seeds:
            fixed[f"{name}/seed-{seed}"] = fingerprints.of_file(run.seed(seed).choose / CHOICE)
    stamp = f"{STAMP}: " if now.paper.as_published else ""
    told = f"{stamp}{len(fixed)} choices of {', '.join(now.variants)}"
    if beside := [n for n in now.variants if now.paper.stands_beside(now.paper.find(n))]:
        told += f" ({STAMP}: {', '.join(beside)})"
    write_json(
        now.folder.choice,
        {"chosen": told, "as_published": now.paper.as_published, "fixed": fixed},
    )

    def do(_here: Path) -> None:
        for dataset in now.datasets:
            cohort, parts = dataset.gathered.cohort, dataset.gathered.parts
            kept = tuple(one for one in cohort.studies if parts[one.study_id] == "test")
            test = replace(cohort, studies=kept)
            book = now.folder.openings(dataset.name)
            SealedCohort(test, book).open(chosen=now.folder.choice)

    # Found again when all goes on after an interruption: each is opened once.
    step(now.folder.opening, {"choice": fingerprints.of_file(now.folder.choice)}, do)
    for name in tuple(now.runs):
        carry(now, name, "report")
