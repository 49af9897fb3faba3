"""``leanlung data``: from an archive's folder to a manifest, and what to know of one."""

from __future__ import annotations

import typer

from leanlung.cli.data_check import check
from leanlung.cli.data_fetch import fetch
from leanlung.cli.data_index import index
from leanlung.cli.data_join import join
from leanlung.cli.data_slices import slices
from leanlung.cli.data_split import split
from leanlung.cli.speaking import guarded

data = typer.Typer(
    help="Fetch archives, turn them into manifests; cut CT volumes into slices; check, join "
    "and split manifests.",
    no_args_is_help=True,
)

for name, verb in (
    ("fetch", fetch),
    ("index", index),
    ("check", check),
    ("join", join),
    ("slices", slices),
    ("split", split),
):
    data.command(name)(guarded(verb))
