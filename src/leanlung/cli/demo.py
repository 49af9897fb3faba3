"""``leanlung demo``: the whole way on made-up chests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    out: Annotated[Path, typer.Option(help="Where everything goes.")] = Path("demo"),
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Draw made-up chests, train on them, prune, compare, report: about two minutes."""
    from leanlung.cli.run import carry_out
    from leanlung.runs import Options, recipe_path

    carry_out(recipe_path("demo"), Options(data=None, out=out, device="cpu"), as_json=as_json)
