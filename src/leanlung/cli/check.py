"""``leanlung check``: every mistake in recipe and data, at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leanlung.cli.speaking import answer_json, answers


def check(
    recipe: Annotated[
        str, typer.Argument(help="A TOML file, or the name of a shipped recipe.")
    ],
    data: Annotated[
        Path | None, typer.Option(help="Folder of the images, or a manifest.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Change a field of the recipe: a.b=c.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Look for every mistake in a recipe and its data; run nothing, leave nothing behind."""
    from leanlung.runs import check_run

    found = check_run(recipe, data, set_ or ())
    if as_json:
        answer_json({"mistakes": list(found.mistakes), "told": list(found.told)})
    else:
        console = answers()
        for line in (*found.told, *found.mistakes):
            console.print(line)
        if not found.mistakes:
            console.print("nothing wrong")
    raise typer.Exit(found.exit_code)
