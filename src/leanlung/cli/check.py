"""``leanlung check``: every mistake in recipe and data, at once."""

from __future__ import annotations

import typer

from leanlung.cli.options import (  # noqa: TC001 - typer reads annotations when it runs
    AsJson,
    Changes,
    DataPath,
    RecipeName,
)
from leanlung.cli.speaking import answer_json, answers


def check(
    recipe: RecipeName, data: DataPath = None, set_: Changes = None, as_json: AsJson = False
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
