"""Sizes: what the networks weigh, before and after, and every candidate on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.seeds import candidate_name
from leanlung.reports.tables import Cell, Table, heads, label, number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leanlung.reports.seeds import Seed

_SIZES = {
    "stored": ("parameters stored", "in the file, zeros included"),
    "trainable": ("parameters trainable", "those that training may change"),
    "nonzero": ("parameters not zero", "a mask over weights lowers this figure alone"),
    "buffers": ("buffers", "further numbers in the file, such as BatchNorm’s statistics"),
    "macs": ("MACs", "multiply-accumulate operations for one image"),
    "file_bytes": ("bytes of the file", "as safetensors"),
}


def size_table(seed: Seed) -> Table:
    """Tell how large the networks are, each figure with one meaning."""
    rows = []
    for key, (name, meaning) in _SIZES.items():
        cells = [number(numbers.count(network.size[key])) for network in seed.networks]
        if not seed.kept:
            left = numbers.ratio(seed.chosen.size[key], seed.unpruned.size[key])
            cells.append(number(left, strong=True))
        rows.append((label(name, meaning), *cells))
    names = [network.name for network in seed.networks]
    return Table(
        "Size of the networks",
        heads("", *names, *([] if seed.kept else ["share left"])),
        tuple(rows),
    )


def candidate_table(seed: Seed, chosen_by: str) -> Table:
    """List the candidates of all rounds, as the choice saw them."""
    whole = seed.candidates[0]["size"]["stored"]
    metrics = list(seed.candidates[0]["validation"])
    names = [numbers.metric(name) + (" ◂" if name == chosen_by else "") for name in metrics]
    return Table(
        "Candidates on the validation part",
        heads("", "parameters", "share left", "MACs", "file", *names),
        tuple(_candidate(one, whole, metrics, seed.chosen.name) for one in seed.candidates),
        notes=(("", f"◂ The metric the choice was made by. Chosen: {seed.reason}."),),
    )


def _candidate(
    one: Mapping[str, Any], whole: int, metrics: list[str], chosen: str
) -> tuple[Cell, ...]:
    name, size = candidate_name(one["round"]), one["size"]
    strong = name == chosen
    figures = (
        numbers.count(size["stored"]),
        numbers.ratio(size["stored"], whole),
        numbers.short(size["macs"]),
        numbers.short(size["file_bytes"], "B"),
        *(numbers.share(one["validation"][metric]) for metric in metrics),
    )
    return (
        label(name, "chosen" if strong else "", strong=strong),
        *(number(text, strong=strong) for text in figures),
    )
