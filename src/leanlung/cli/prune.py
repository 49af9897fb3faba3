"""``leanlung prune``: a smaller bundle from a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leanlung.cli.speaking import answer_json, answers


def prune(
    bundle: Annotated[Path, typer.Argument(help="Folder of a bundle.")],
    data: Annotated[Path, typer.Option(help="Images: a folder, or a manifest.")],
    out: Annotated[Path, typer.Option(help="Folder of the new bundle.")],
    lossless: Annotated[
        bool, typer.Option("--lossless", help="Remove nothing that changes an answer.")
    ] = False,
    tolerance: Annotated[
        float, typer.Option(help="Largest relative change of a logit.", min=0.0)
    ] = 1e-5,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Make a bundle smaller without training."""
    from leanlung.foundations.errors import UsageError
    from leanlung.runs.lossless import prune_losslessly

    if not lossless:
        msg = (
            "without training only --lossless makes a bundle smaller; to give up units and "
            "train again, use `leanlung run` with a recipe"
        )
        raise UsageError(msg)
    found = prune_losslessly(bundle, data, out, tolerance=tolerance)
    if as_json:
        answer_json({"bundle": str(out), "certificate": found.as_dict()})
        return
    console = answers()
    left = found.zero + found.folded + found.approximated
    console.print(f"{left} of {found.units} units left, over {found.images} images")
    for count, why in (
        (found.zero, "were read as zero everywhere"),
        (found.folded, "were constant; their constants are in biases now"),
        (found.approximated, "were constant behind padding, and changed too little to matter"),
        (found.kept, "are constant too and stay: to lose them would change an answer"),
    ):
        if count:
            console.print(f"  {count} {why}")
    console.print(
        f"largest change of a logit: {found.largest_change_float32:.1e} in single, "
        f"{found.largest_change_float64:.1e} in double precision"
    )
    console.print(f"bundle: {out}")
