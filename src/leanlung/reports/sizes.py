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

_MASKED = label("bytes as bits and kept weights", "as the bundle stores a masked network")
NO_FASTER = (
    "A mask holds weights at zero; it removes none. The network computes all of them: it is no "
    "faster on dense kernels, and takes the same memory."
)


WEIGHTS_ONLY = (
    "The last candidate’s figures are those of its network’s weights; see Features for its "
    "classifier."
)


def size_table(seed: Seed) -> Table:
    """Tell how large the networks are, each figure with one meaning."""
    rows = []
    for key, (name, meaning) in _SIZES.items():
        cells = [number(numbers.count(network.size[key])) for network in seed.networks]
        if not seed.kept:
            left = numbers.ratio(seed.chosen.size[key], seed.unpruned.size[key])
            cells.append(number(left, strong=True))
        rows.append((label(name, meaning), *cells))
    if seed.chosen.masked:
        cells = [
            number(numbers.count(network.file_bytes) if network.masked else numbers.NOTHING)
            for network in seed.networks
        ]
        left = numbers.ratio(seed.chosen.file_bytes, seed.unpruned.file_bytes)
        rows.append((_MASKED, *cells, number(left, strong=True)))
    if seed.chosen.size.get("classifier_numbers"):
        rows += _with_classifier(seed)
    names = [network.name for network in seed.networks]
    return Table(
        "Size of the networks",
        heads("", *names, *([] if seed.kept else ["share left"])),
        tuple(rows),
        notes=(("", NO_FASTER),) if seed.chosen.masked else (),
    )


def _with_classifier(seed: Seed) -> list[tuple[Cell, ...]]:
    """Count the classifier that reads the features along with the weights."""
    rows: list[tuple[Cell, ...]] = []
    for key, part, name, meaning in (
        (
            "stored",
            "classifier_numbers",
            "numbers with the classifier",
            "parameters and its own",
        ),
        ("file_bytes", "classifier_bytes", "bytes with the classifier", "of both files"),
    ):
        totals = [one.size[key] + (one.size.get(part) or 0) for one in seed.networks]
        left = numbers.ratio(totals[-1], totals[0])
        cells = [number(numbers.count(total)) for total in totals]
        rows.append((label(name, meaning), *cells, number(left, strong=True)))
    return rows


def candidate_table(seed: Seed, chosen_by: str) -> Table:
    """List the candidates of all rounds, as the choice saw them."""
    whole = seed.candidates[0]["size"]["stored"]
    metrics = list(seed.candidates[0]["validation"])
    names = [numbers.metric(name) + (" ◂" if name == chosen_by else "") for name in metrics]
    masked = any("masked_bytes" in one for one in seed.candidates)
    sizes = ["parameters", "share left", *["not zero"] * masked, "MACs", "file"]
    return Table(
        "Candidates on the validation part",
        heads("", *sizes, *names),
        tuple(
            _candidate(one, whole, metrics, seed.chosen.name, masked=masked)
            for one in seed.candidates
        ),
        notes=(
            ("", f"◂ The metric the choice was made by. Chosen: {seed.reason}."),
            *([("", WEIGHTS_ONLY)] if any("classifier" in c for c in seed.candidates) else []),
        ),
    )


def _candidate(
    one: Mapping[str, Any], whole: int, metrics: list[str], chosen: str, *, masked: bool
) -> tuple[Cell, ...]:
    name, size = candidate_name(one["round"]), one["size"]
    strong = name == chosen
    figures = (
        numbers.count(size["stored"]),
        numbers.ratio(size["stored"], whole),
        *([numbers.count(size["nonzero"])] if masked else []),
        numbers.short(size["macs"]),
        numbers.short(one.get("masked_bytes", size["file_bytes"]), "B"),
        *(numbers.share(one["validation"][metric]) for metric in metrics),
    )
    return (
        label(name, "chosen" if strong else "", strong=strong),
        *(number(text, strong=strong) for text in figures),
    )
