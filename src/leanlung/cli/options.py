"""Options: what the verbs that carry out a recipe are asked for alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

RecipeName = Annotated[
    str, typer.Argument(help="A TOML file, or the name of a shipped recipe.")
]
DataPath = Annotated[Path | None, typer.Option(help="Folder of the images, or a manifest.")]
RunsFolder = Annotated[Path, typer.Option(help="Where run folders go.")]
Changes = Annotated[
    list[str] | None, typer.Option("--set", help="Change a field of the recipe: a.b=c.")
]
DeviceName = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 …")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
