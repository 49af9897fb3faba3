"""``leanlung sizes``: the bytes a bundle takes in every form, and what is no compression."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leanlung.cli.speaking import answer_json, answers

if TYPE_CHECKING:
    from collections.abc import Mapping


def sizes(
    bundle: Annotated[Path, typer.Argument(help="Folder of a bundle, pruned or not.")],
    gzip: Annotated[
        bool, typer.Option("--gzip/--no-gzip", help="Pack with gzip too: takes a while.")
    ] = True,
    latency: Annotated[
        bool, typer.Option("--latency", help="Time it here against the unpruned network.")
    ] = False,
    rounds: Annotated[int, typer.Option(min=6, help="Of --latency.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Write a bundle's network in every form and tell the bytes of each file."""
    from leanlung.exports import load_bundle
    from leanlung.runs.storage import stored

    loaded = load_bundle(bundle)
    told = stored(loaded, gzipped=gzip, rounds=rounds if latency else None)
    found: dict[str, Any] = {"name": loaded.name} | {
        name: told[name]
        for name in (
            "parameters",
            "parameters_whole",
            "macs",
            "macs_whole",
            "kernel_weights",
            "nonzero_kernel_weights",
            "forms",
            "wrapped",
        )
    }
    wrapped = told["wrapped"]
    found["statements"] = [told["sentence"], *([wrapped["sentence"]] if wrapped else [])]
    if latency:
        found["latency"] = told["latency"] | _machine(told["threads"])
        found["statements"].append(_slower_or_not(told))
    if as_json:
        answer_json(found)
    else:
        _tell(found)


def _machine(threads: int) -> dict[str, Any]:
    import torch

    return {"threads": threads, "runtime": f"torch {torch.__version__}, CPU"}


def _slower_or_not(told: Mapping[str, Any]) -> str:
    kind = "the masked network, stored dense," if told["masked"] else "this network"
    return f"One image through {kind} against the unpruned one: {told['latency_sentence']}."


def _tell(found: Mapping[str, Any]) -> None:
    from rich.table import Table

    console = answers()
    console.print(
        f"{found['name']}: {found['parameters']:,} parameters ({found['parameters_whole']:,} "
        f"unpruned), {found['macs']:,} MACs ({found['macs_whole']:,})"
    )
    table = Table(box=None)
    for heading in ("form", "bytes", "numbers alone", "of dense", "lossless"):
        left = heading in {"form", "lossless"}
        table.add_column(heading, justify="left" if left else "right", no_wrap=True)
    for one in found["forms"]:
        alone = "–" if one["numbers"] is None else f"{one['numbers']:,}"
        lossless = "yes" if one["lossless"] else "no"
        table.add_row(one["name"], f"{one['bytes']:,}", alone, f"{one['share']:.3f}", lossless)
    console.print(table)
    for one in found["forms"]:
        if one["note"]:
            console.print(f"{one['name']}: {one['note']}")
    if found["wrapped"]:
        rows = Table(box=None)
        for heading in ("parameters as a summary lists them", "wrapped", "wrapper off"):
            rows.add_column(heading, justify="left" if heading.startswith("p") else "right")
        sides = zip(found["wrapped"]["before"], found["wrapped"]["after"], strict=True)
        for name, (before, after) in zip(
            ("total", "trainable", "non-trainable"), sides, strict=True
        ):
            rows.add_row(name, f"{before:,}", f"{after:,}")
        console.print(rows)
    for line in found["statements"]:
        console.print(line)
