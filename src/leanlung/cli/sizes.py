"""``leanlung sizes``: the bytes a bundle takes in every form, and what is no compression."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leanlung.cli.speaking import answer_json, answers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from leanlung.exports import Bundle
    from leanlung.pruning.race import Race


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
    from leanlung.foundations.errors import SurgeryError
    from leanlung.networks import size_of
    from leanlung.pruning.masks import storage_forms, wrapped_counts, zeros_of

    loaded = load_bundle(bundle)
    whole = _whole(loaded)
    narrower = bool(loaded.spec.widths)
    zeros = zeros_of(loaded.network, loaded.mask)
    size = size_of(loaded.network, loaded.spec.size, loaded.spec.channels)
    before = size_of(whole, loaded.spec.size, loaded.spec.channels)
    forms = storage_forms(
        loaded.network, loaded.mask, whole=whole if narrower else None, gzipped=gzip
    )
    try:
        wrapped = wrapped_counts(loaded.network)
    except SurgeryError:
        wrapped = None
    found: dict[str, Any] = {
        "name": loaded.name,
        "parameters": size.stored,
        "parameters_whole": before.stored,
        "macs": size.macs,
        "macs_whole": before.macs,
        "kernel_weights": zeros.weights,
        "nonzero_kernel_weights": zeros.nonzero,
        "forms": [one.as_dict() for one in forms],
        "wrapped": None if wrapped is None else wrapped.as_dict(),
        "statements": [zeros.sentence(), *([wrapped.sentence()] if wrapped else [])],
    }
    if latency:
        raced = _raced(loaded, whole, rounds)
        found["latency"] = raced.as_dict() | _machine()
        found["statements"].append(_slower_or_not(loaded, raced))
    if as_json:
        answer_json(found)
    else:
        _tell(found)


def _whole(bundle: Bundle) -> nn.Module:
    """Build the same network as wide as its architecture says, with weights that matter not."""
    from dataclasses import replace

    from leanlung.networks import build

    return build(replace(bundle.spec, widths={})).eval()


def _raced(bundle: Bundle, whole: nn.Module, rounds: int) -> Race:
    import torch

    from leanlung.pruning.race import race

    spec = bundle.spec
    image = torch.rand(1, spec.channels, spec.size, spec.size)
    network = bundle.network.eval()
    with torch.no_grad():
        return race(lambda: whole(image), lambda: network(image), rounds=rounds)


def _machine() -> dict[str, Any]:
    import torch

    return {"threads": torch.get_num_threads(), "runtime": f"torch {torch.__version__}, CPU"}


def _slower_or_not(bundle: Bundle, raced: Race) -> str:
    kind = "the masked network, stored dense," if bundle.mask is not None else "this network"
    return f"One image through {kind} against the unpruned one: {raced.sentence()}."


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
