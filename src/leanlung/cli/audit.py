"""``leanlung audit``: leaks, confounding, and what is told without the lungs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leanlung.cli.bars import watching
from leanlung.cli.speaking import answer_json, answers, asides, tell_stamps

if TYPE_CHECKING:
    from rich.console import Console

    from leanlung.evaluation.audit import Audit

REFUSED = 3
_TOLD = 10


class Lungs(StrEnum):
    """How lungs are found."""

    auto = "auto"
    masks = "masks"
    box = "box"


def audit(
    path: Annotated[
        Path, typer.Argument(help="A run folder, a manifest, or a folder of images.")
    ],
    class_: Annotated[
        list[str] | None, typer.Option("--class", help="Look at this class; give it again.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="Set a further column beside the class; give it again."),
    ] = None,
    masks: Annotated[
        Path | None, typer.Option(help="Lung masks: a table image_path,mask_path or a folder.")
    ] = None,
    lungs: Annotated[
        Lungs,
        typer.Option(
            help="masks: only films with a lung mask; box: one rectangle for all films; "
            "auto: masks if every film has one."
        ),
    ] = Lungs.auto,
    metric: Annotated[str, typer.Option(help="macro_auc or auc:<class>.")] = "macro_auc",
    seed: Annotated[int, typer.Option(help="Of folds and resamples.", min=0)] = 0,
    resamples: Annotated[int, typer.Option(help="Of the bootstrap over patients.")] = 2000,
    out: Annotated[Path | None, typer.Option(help="Write the answer as JSON here too.")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with 3 on an alarm too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Look for leaks (ends with 3), confounding, and what tells the class without the lungs."""
    from leanlung.evaluation.sampling import Sampling
    from leanlung.foundations.files import write_json
    from leanlung.runs.auditing import AuditPlan
    from leanlung.runs.auditing import audit as look
    from leanlung.runs.reporting import draw_again

    plan = AuditPlan(
        tuple(class_ or ()),
        tuple(column or ()),
        masks,
        lungs.value,
        metric,
        Sampling(resamples, seed),
    )
    with watching(asides()) as bars:
        found = look(path, plan, bars)
    if (report := draw_again(path)) is not None:
        asides().print(f"report: {report}", soft_wrap=True)
    if out is not None:
        write_json(out, found.as_dict())
    if as_json:
        answer_json(found.as_dict())
    else:
        tell(found, answers())
    if found.leaks or (strict and found.alarm):
        raise typer.Exit(REFUSED)


def tell(found: Audit, console: Console) -> None:
    """Print an audit: what matters most first."""
    from rich.panel import Panel
    from rich.text import Text

    from leanlung.evaluation.verdict import NOTHING

    if found.made_up:
        tell_stamps(made_up=True)
    if found.leaks:
        lines = _some([f"  {line}" for line in found.leakage.between])
        told = "\n".join(
            ["These stand in different parts and must not; no result on them counts:", *lines]
        )
        console.print(Panel(Text(told), title="LEAK", style="bold red"), soft_wrap=False)
    if found.alarm:
        told = "\n".join(
            ["Without the lungs the class is told nearly as well:", *_listed(found.reasons)]
        )
        console.print(Panel(Text(told), title="ALARM", style="bold red"), soft_wrap=False)
    if found.cautions:
        told = "\n".join(_listed(found.cautions))
        console.print(Panel(Text(told), title="caution", style="yellow"), soft_wrap=False)
    if found.verdict == "nothing_found":
        console.print(NOTHING)
    classes = ", ".join(f"{count} {name}" for name, count in found.classes.items())
    console.print(
        f"{found.cohort}: {found.studies} films of {found.patients} patients ({classes})"
    )
    _tell_leakage(found, console)
    _tell_baselines(found, console)
    _tell_columns(found, console)
    for line in found.told:
        console.print(f"note: {line}")
    for line in _some(list(found.unreadable)):
        console.print(f"unreadable: {line}")


def _tell_leakage(found: Audit, console: Console) -> None:
    leakage = found.leakage
    parts = ", ".join(f"{name} {count}" for name, count in leakage.parts.items()) or "none told"
    console.print(f"parts: {parts}; leaks between them: {len(leakage.between)}")
    console.print(
        f"films alike under different patients or classes: {len(leakage.alike)} pairs; "
        f"copies within a patient: {leakage.copies} pairs"
    )
    for line in _some(
        [
            f"  {one.kind}: {one.studies[0]} ({one.patients[0]}, {one.labels[0]}) and "
            f"{one.studies[1]} ({one.patients[1]}, {one.labels[1]})"
            for one in leakage.alike
        ]
    ):
        console.print(line)
    if leakage.may_share:
        console.print(
            f"patients unknown of {leakage.confidence['image_only']} films: up to "
            f"{leakage.may_share} may share a patient with films learnt from"
        )


def _tell_baselines(found: Audit, console: Console) -> None:
    from rich.table import Table

    if not found.baselines:
        return
    metric = found.settings["metric"]
    table = Table(box=None, title=f"what tells the class ({found.protocol})")
    for name in ("seen", metric, "balanced accuracy", "share of headline", "short of whole"):
        table.add_column(name, overflow="fold")
    for one in found.baselines:
        close = any(reason.startswith(f"{one.name}:") for reason in found.reasons)
        table.add_row(
            one.name,
            f"{one.auc}",
            f"{one.balanced_accuracy}",
            f"{one.share}",
            f"{one.short_of_whole}" if one.name != "whole" else "",
            style="bold red" if close else "",
        )
    console.print(table)
    for one in found.baselines:
        console.print(f"  {one.name}: {one.about}")
    headline = found.headline
    if headline is not None:
        console.print(
            f"headline: {found.headline_name}, {metric} {headline}; {headline.studies} films "
            f"of {headline.patients} patients, {headline.method}"
        )
    lungs = found.lungs
    rule = {
        "masks": "the rectangle around each film's mask",
        "box": "one rectangle for all films",
    }[lungs.rule]
    held = "" if lungs.covered is None else f", holding {100 * lungs.covered:.1f} % of them"
    console.print(
        f"lungs: {rule}{held}; masks: {lungs.with_mask} usable, {lungs.without_mask} missing, "
        f"{len(lungs.unusable)} unusable"
    )
    for line in _some(list(lungs.unusable)):
        console.print(f"  {line}")


def _tell_columns(found: Audit, console: Console) -> None:
    from rich.table import Table

    for probe in found.probes:
        console.print(
            f"{probe.column} read off the film: accuracy {probe.accuracy} (commonest value "
            f"{probe.majority}), balanced accuracy {probe.balanced_accuracy} (chance "
            f"{1 / len(probe.values):.3f}), {len(probe.values)} values"
        )
    for one in found.associations:
        corrected = "undefined" if one.corrected is None else f"{one.corrected:.3f}"
        table = Table(
            box=None,
            title=f"{one.column}: Cramér's V {one.cramers_v}, corrected {corrected}; "
            f"{one.cramers_v.studies} films of {one.cramers_v.patients} patients, "
            f"{one.missing} not told",
        )
        table.add_column(one.column, overflow="fold")
        for name in one.columns:
            table.add_column(name, justify="right")
        for name, counts in zip(one.rows, one.counts, strict=True):
            table.add_row(name, *(f"{count}" for count in counts))
        console.print(table)


def _listed(sentences: tuple[str, ...]) -> list[str]:
    return [f"- {sentence}" for sentence in sentences]


def _some(lines: list[str]) -> list[str]:
    more = [f"  … and {len(lines) - _TOLD} more"] if len(lines) > _TOLD else []
    return lines[:_TOLD] + more
