"""``leanlung data check``: what a run would find in a manifest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leanlung.cli.bars import watching
from leanlung.cli.speaking import answer_json, answers, asides

if TYPE_CHECKING:
    from leanlung.studies.archives.checking import Checked

UNREADABLE, REFUSED = 1, 3
_TOLD = 10


def check(
    manifest: Annotated[Path, typer.Argument(help="A manifest, or a folder of images.")],
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Look at every image of a manifest; ends with 3 on a leak, with 1 on unreadable images."""
    from leanlung.studies.archives.checking import check as look
    from leanlung.studies.layouts import read_cohort

    cohort = read_cohort(manifest)
    with watching(asides()) as bars, bars.task("looking", len(cohort.studies)) as done:
        found = look(cohort, done)
    if as_json:
        answer_json(found.as_dict())
    else:
        tell(found)
    if found.leaks:
        raise typer.Exit(REFUSED)
    if found.cohort.unreadable:
        raise typer.Exit(UNREADABLE)


def tell(found: Checked) -> None:
    """Print what was found, the worst first."""
    answer, console = found.as_dict(), answers()
    for leak in found.leaks[:_TOLD]:
        console.print(
            f"LEAK: {leak.first} ({leak.parts[0]}) and {leak.second} ({leak.parts[1]}): "
            f"{leak.kind}"
        )
    if len(found.leaks) > _TOLD:
        console.print(f"LEAK: … and {len(found.leaks) - _TOLD} more")
    for bad in found.cohort.unreadable[:_TOLD]:
        console.print(f"unreadable: {bad.reason}")
    if len(found.cohort.unreadable) > _TOLD:
        console.print(f"unreadable: … and {len(found.cohort.unreadable) - _TOLD} more")
    console.print(
        f"{answer['cohort']}: {answer['images']} images of {answer['patients']} patients"
    )
    for what in ("classes", "confidence", "sources"):
        told = ", ".join(f"{n} {name or 'not told'}" for name, n in answer[what].items() if n)
        console.print(f"{what}: {told}")
    for line in found.told:
        console.print(f"note: {line}")
    for pair in [one for one in answer["alike"] if not one["same_patient"]][:_TOLD]:
        console.print(f"{pair['kind']}: {pair['studies'][0]} and {pair['studies'][1]}")
    console.print(
        f"leaks: {len(found.leaks)}; look-alikes: {len(found.alike)} pairs; unreadable: "
        f"{len(found.cohort.unreadable)}"
    )
