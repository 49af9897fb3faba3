"""``leanlung variance``: how many images tell which units never vary."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leanlung.cli.bars import watching
from leanlung.cli.speaking import answer_json, answers, asides

if TYPE_CHECKING:
    from leanlung.runs.variance import BundleVariance

DRAWING = "images-needed.svg"


def variance(
    bundle: Annotated[Path, typer.Argument(help="Folder of a bundle.")],
    data: Annotated[Path, typer.Option(help="Labelled images: a folder, or a manifest.")],
    out: Annotated[Path, typer.Option(help="Folder for table, figures and curve.")],
    counts: Annotated[
        str, typer.Option(help="Numbers of images, such as 16,64,256; 8, 16 … all.")
    ] = "",
    orders: Annotated[
        int, typer.Option(help="Random orders of the images, for the spread.", min=1)
    ] = 3,
    metric: Annotated[
        str, typer.Option(help="accuracy, macro_auc, balanced_accuracy or log_likelihood.")
    ] = "accuracy",
    seed: Annotated[int, typer.Option(min=0, help="Of the orders.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Remove units found constant on ever more training images, and measure.

    On few images more units seem never to vary than do; nothing is trained.
    """
    from leanlung.foundations.files import write_text
    from leanlung.reports.images_needed import draw_images_needed
    from leanlung.runs.variance import bundle_variance

    with watching(asides()) as bars:
        found = bundle_variance(
            bundle,
            data,
            out,
            bars,
            counts=_counts(counts),
            orders=orders,
            seed=seed,
            metric=metric,
        )
    whole = {"parameters": float(found.parameters), metric: found.whole}
    title = f"{found.bundle}: units found constant, by images looked at"
    write_text(out / DRAWING, draw_images_needed(found.counts, whole, metric, title))
    if as_json:
        answer_json({**found.as_dict(), "drawing": str(out / DRAWING)})
    else:
        _tell(found, out)


def _counts(text: str) -> list[int]:
    from leanlung.foundations.errors import UsageError

    try:
        return [int(part) for part in text.split(",")] if text else []
    except ValueError:
        msg = f"--counts {text!r}: numbers such as 16,64,256 were expected"
        raise UsageError(msg) from None


def _tell(found: BundleVariance, out: Path) -> None:
    from rich.table import Table

    console = answers()
    console.print(
        f"{found.bundle}: {found.units} units, {found.parameters:,} parameters, {found.metric} "
        f"{found.whole:.4f} on {found.measured} images; {found.images} to look at"
    )
    table = Table(box=None)
    for heading in ("images", "units constant", "parameters left", found.metric):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in found.counts:
        units, left, measured = one["units"], one["parameters"], one[found.metric]
        table.add_row(
            f"{one['images']}",
            f"{units['mean']:.1f} ({units['low']:.0f} to {units['high']:.0f})",
            f"{left['mean']:,.0f} ({left['low']:,.0f} to {left['high']:,.0f})",
            f"{measured['mean']:.4f} ({measured['low']:.4f} to {measured['high']:.4f})",
        )
    console.print(table)
    console.print(
        "mean over the orders, and from lowest to highest; units that vary on later images "
        "were removed too"
    )
    console.print(f"written to {out}")
