"""The verbs, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from leanlung import __version__
from leanlung.cli.audit import audit
from leanlung.cli.check import check
from leanlung.cli.compare import compare
from leanlung.cli.data import data
from leanlung.cli.demo import demo
from leanlung.cli.doctor import doctor
from leanlung.cli.ensemble import ensemble
from leanlung.cli.evaluate import evaluate
from leanlung.cli.explain import explain
from leanlung.cli.export import export
from leanlung.cli.flips import flips
from leanlung.cli.listing import list_
from leanlung.cli.predict import predict
from leanlung.cli.prune import prune
from leanlung.cli.reproduce import reproduce
from leanlung.cli.run import run
from leanlung.cli.segment import segment
from leanlung.cli.sensitivity import sensitivity
from leanlung.cli.show import show
from leanlung.cli.sizes import sizes
from leanlung.cli.speaking import guarded
from leanlung.cli.tune import tune
from leanlung.cli.variance import variance

app = typer.Typer(
    help="Make chest-image classifiers small, with a verdict on what was lost. "
    "Research use only.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

GOES_ON = {"demo", "reproduce", "run", "tune"}
"""Verbs that take up what an interrupted one left; the others begin anew."""

for name, verb in (
    ("demo", demo),
    ("check", check),
    ("run", run),
    ("reproduce", reproduce),
    ("tune", tune),
    ("show", show),
    ("compare", compare),
    ("audit", audit),
    ("flips", flips),
    ("evaluate", evaluate),
    ("segment", segment),
    ("explain", explain),
    ("predict", predict),
    ("prune", prune),
    ("ensemble", ensemble),
    ("sensitivity", sensitivity),
    ("variance", variance),
    ("sizes", sizes),
    ("export", export),
    ("list", list_),
    ("doctor", doctor),
):
    app.command(name)(guarded(verb, goes_on=name in GOES_ON))

app.add_typer(data, name="data")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"leanlung {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which.")
    ] = False,
) -> None: ...
