"""``leanlung run``: carry out a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leanlung.cli.bars import watching
from leanlung.cli.options import (  # noqa: TC001 - typer reads annotations when it runs
    AsJson,
    Changes,
    DataPath,
    DeviceName,
    RecipeName,
    RunsFolder,
)
from leanlung.cli.speaking import answer_json, answers, asides, tell_stamps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leanlung.runs import Options, RunFolder


def run(
    recipe: RecipeName,
    data: DataPath = None,
    out: RunsFolder = Path("runs"),
    set_: Changes = None,
    until: Annotated[
        str, typer.Option(help="Stop after data, fit, prune, choose, evaluate or export.")
    ] = "report",
    allow: Annotated[
        bool, typer.Option("--allow", help="Go on in spite of leaks; stamped on the report.")
    ] = False,
    device: DeviceName = "auto",
    seeds: Annotated[
        str, typer.Option(help="Instead of the recipe's seeds: 0-9, or 0,2,5-7.")
    ] = "",
    jobs: Annotated[
        int, typer.Option(help="So many seeds at a time, which share the cores.", min=1)
    ] = 1,
    only_seed: Annotated[
        int | None, typer.Option(help="Take this seed up to its choice, and stop.", min=0)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Carry out a recipe: fit, prune, choose, open the test part once, compare, report.

    A run that was stopped goes on when it is started again.
    """
    from leanlung.runs import Options, recipe_path
    from leanlung.runs.parallel import seeds_in

    changes = list(set_ or ())
    if seeds:
        changes.append(f"seeds={list(seeds_in(seeds))}")
    options = Options(
        data=data,
        out=out,
        changes=changes,
        until=until,
        allow=allow,
        device=device,
        jobs=jobs,
        only_seed=only_seed,
    )
    carry_out(recipe_path(recipe), options, as_json=as_json)


def carry_out(recipe: Path, options: Options, *, as_json: bool) -> None:
    """Run a recipe with bars, and say what came out."""
    from leanlung.runs import run as run_recipe

    with watching(asides()) as bars:
        folder = run_recipe(recipe, options, bars)
    if options.only_seed is not None:
        _tell_seed(folder, options.only_seed, options.until, as_json=as_json)
    elif as_json:
        answer_json(outcome(folder))
    else:
        tell(folder, options.until)


def masked(size: Mapping[str, int], masked_bytes: int) -> str:
    """Say what a mask did, and what it did not."""
    return (
        f"masked: {size['nonzero']:,} of {size['stored']:,} parameters are not zero, "
        f"{masked_bytes:,} bytes as bits and kept weights instead of {size['file_bytes']:,}; "
        "no faster on dense kernels"
    )


def outcome(folder: RunFolder) -> dict[str, Any]:
    """Give what a run came to, as a value that JSON can hold."""
    from leanlung.runs import results_of

    found: dict[str, Any] = {"run": str(folder.path)}
    if folder.metrics.is_file():
        results = results_of(folder)
        found |= {
            "report": str(folder.report),
            "made_up": results["made_up"],
            "seeds": {
                seed: {
                    "chosen": one["chosen"],
                    "comparison": one["comparison"],
                    "sentence": one["sentence"],
                    "size": one["models"][one["chosen"]]["size"],
                    "bundle": str(folder.seed(int(seed)).bundle),
                }
                for seed, one in results["seeds"].items()
            },
        }
    return found


def _tell_seed(folder: RunFolder, seed: int, until: str, *, as_json: bool) -> None:
    """Say how far a run is of which one seed was carried out."""
    from leanlung.runs.parallel import missing
    from leanlung.runs.records import read_record

    seeds = read_record(folder.resolved)["seeds"]
    left = list(missing(folder, seeds))
    if as_json:
        answer_json({"run": str(folder.path), "seed": seed, "seeds": seeds, "missing": left})
        return
    console = answers()
    chosen = (
        f"seed {seed} has chosen" if seed not in left else f"seed {seed} is done until {until}"
    )
    console.print(f"{chosen}: {folder.path}")
    if left:
        console.print(f"{len(left)} of {len(seeds)} seeds still have to choose: {left}")
    else:
        console.print("all seeds have chosen; run it without --only-seed to open the test part")


def tell(folder: RunFolder, until: str) -> None:
    """Say what a run came to."""
    console = answers()
    found = outcome(folder)
    if "seeds" not in found:
        console.print(f"done until {until}: {folder.path}")
        return
    if found["made_up"]:
        tell_stamps(made_up=True)
    for seed, one in found["seeds"].items():
        kept = one["chosen"] == "unpruned"
        verdict = "none, the whole network is kept" if kept else one["comparison"]["verdict"]
        console.print(f"verdict (seed {seed}): {verdict}")
        console.print(f"  {one['sentence']}")
        if one["size"].get("masked_bytes"):
            console.print(f"  {masked(one['size'], one['size']['masked_bytes'])}")
        console.print(f"  bundle: {one['bundle']}")
    console.print(f"report: {found['report']}")
