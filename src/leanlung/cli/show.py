"""``leanlung show``: what a run did, chose and opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leanlung.cli.run import masked
from leanlung.cli.speaking import answer_json, answers, tell_stamps

if TYPE_CHECKING:
    from rich.console import Console

BAR = 20  # signs of the longest bar: the table fits into 80 columns


def show(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Show a run: its data, its curve over rounds, its verdict, what was opened when."""
    from leanlung.runs import open_run, summary_of

    found = summary_of(open_run(run))
    if as_json:
        answer_json(found)
        return
    console = answers()
    data = found["data"]
    console.print(
        f"{run.resolve().name}  {data['studies']} studies of {data['patients']} patients",
        style="bold",
    )
    if data["made_up"]:
        tell_stamps(made_up=True)
    for seed, one in found["seeds"].items():
        _tell_seed(console, seed, one)
    for opening in found["openings"]:
        again = " (again, for the same choice)" if opening["again"] else ""
        what = f"{opening['studies']} studies of {opening['patients']} patients"
        console.print(f"opened {opening['time']} for {opening['chosen']}: {what}{again}")
    for line in found["openings_unreadable"]:
        console.print(f"perhaps opened: line {line} of openings.jsonl cannot be read")
    if not (found["openings"] or found["openings_unreadable"]):
        console.print("the test part is still sealed")


def _tell_seed(console: Console, seed: str, one: dict[str, Any]) -> None:
    from rich.table import Table

    metric = one["metric"]
    candidates = one["candidates"]
    by_mask = [each for each in candidates if "masked_bytes" in each]
    table = Table(title=f"seed {seed}", title_justify="left", box=None)
    sizes = {"parameters": "stored", **({"not zero": "nonzero"} if by_mask else {})}
    for heading in ("", *sizes, "MACs", metric, ""):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    values = [candidate["validation"][metric] for candidate in candidates]
    low, high = min(values, default=0.0), max(values, default=0.0)
    for candidate, value in zip(candidates, values, strict=True):
        width = round(BAR * (value - low) / (high - low)) if high > low else BAR
        chosen = candidate["name"] == one["chosen"]
        table.add_row(
            candidate["name"] + " (chosen)" * chosen,
            *(f"{candidate['size'][key]:,}" for key in (*sizes.values(), "macs")),
            f"{value:.4f}",
            "▪" * width,
        )
    console.print(table)
    for each in by_mask:
        console.print(f"{each['name']}, {masked(each['size'], each['masked_bytes'])}")
    if one.get("features"):
        _tell_features(console, one["features"])
    if one["sentence"]:
        console.print(one["sentence"])


def _tell_features(console: Console, found: dict[str, Any]) -> None:
    """Tell what left of the network, and what its classifier adds."""
    constants, reads = found["constants"], found["classifier"]
    whole, cut = found["counts"]["unpruned"], found["counts"]["features"]
    left = constants["zero"] + constants["folded"] + constants["approximated"]
    console.print(f"round-01: {left:,} of {constants['units']:,} units left that never vary")
    console.print(
        f"round-02: {found['chosen']:,} of {found['features']:,} features, "
        f"{reads['kind']} ({reads['support_vectors']:,} support vectors); "
        f"{cut['bytes'] / 1e6:,.2f} of {whole['bytes'] / 1e6:,.2f} MB weights only, "
        f"{cut['bytes_with_classifier'] / 1e6:,.2f} MB with its classifier"
    )
