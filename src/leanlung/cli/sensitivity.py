"""``leanlung sensitivity``: where a network can give, layer by layer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leanlung.cli.bars import watching
from leanlung.cli.speaking import answer_json, answers, asides

if TYPE_CHECKING:
    from leanlung.runs.sensitivity import BundleSensitivity


def sensitivity(
    bundle: Annotated[Path, typer.Argument(help="Folder of a bundle.")],
    data: Annotated[Path, typer.Option(help="Labelled images: a folder, or a manifest.")],
    out: Annotated[Path, typer.Option(help="Where the curves are drawn, an SVG file.")] = Path(
        "sensitivity.svg"
    ),
    criterion: Annotated[str, typer.Option(help="See leanlung list criteria.")] = "apoz",
    metric: Annotated[
        str, typer.Option(help="macro_auc, accuracy, balanced_accuracy or log_likelihood.")
    ] = "macro_auc",
    tolerance: Annotated[
        float, typer.Option(help="A loss of the metric that counts as none.", min=0.0)
    ] = 0.01,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Cut each layer alone by more and more, and measure; nothing is trained."""
    from leanlung.foundations.files import write_text
    from leanlung.reports.sensitivity import draw_sensitivity
    from leanlung.runs.sensitivity import bundle_sensitivity

    with watching(asides()) as bars:
        found = bundle_sensitivity(bundle, data, bars, criterion=criterion, metric=metric)
    title = f"{found.bundle}: each layer cut alone by {found.criterion}, nothing retrained"
    write_text(out, draw_sensitivity(found.curves, found.metric, title))
    if as_json:
        answer_json({**found.as_dict(), "drawing": str(out)})
    else:
        _tell(found, tolerance, out)


def _tell(found: BundleSensitivity, tolerance: float, out: Path) -> None:
    from rich.table import Table

    console = answers()
    console.print(
        f"{found.metric} on {found.measured} images; units scored by {found.criterion} on "
        f"{found.scored}"
    )
    table = Table(box=None)
    table.add_column("layer", overflow="fold")
    table.add_column("units", justify="right")
    for share in found.curves[0].shares if found.curves else ():
        table.add_column(f"-{100 * share:g} %" if share else "whole", justify="right")
    table.add_column(f"can give within {tolerance:g}", justify="right")
    for curve in found.curves:
        values = [f"{value:.3f}" for value in curve.values]
        given = f"{100 * curve.share_within(tolerance):g} %"
        table.add_row(curve.layer, f"{curve.units}", *values, given)
    console.print(table)
    console.print(f"drawing: {out}")
