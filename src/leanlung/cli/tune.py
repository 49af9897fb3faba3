"""``leanlung tune``: search for the setting of a recipe that validates best."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from leanlung.cli.speaking import answer_json, answers, asides
from leanlung.foundations.errors import UsageError
from leanlung.foundations.suggestions import did_you_mean

if TYPE_CHECKING:
    from leanlung.runs.searching import TrialRecord
    from leanlung.runs.tuning import Tuned

SHOWN = 10
"""Trials printed, the best first; all are in trials.csv and in ``--json``."""


def tune(
    recipe: RecipeName,
    data: DataPath = None,
    out: RunsFolder = Path("runs"),
    trials: Annotated[
        int | None, typer.Option(help="How many, instead of tune.trials.", min=1)
    ] = None,
    set_: Changes = None,
    preset: Annotated[
        str, typer.Option(help="Search nothing, take what a paper found: table2.")
    ] = "",
    allow: Annotated[bool, typer.Option("--allow", help="Go on in spite of leaks.")] = False,
    device: DeviceName = "auto",
    as_json: AsJson = False,
) -> None:
    """Search on the validation part; the test part stays sealed.

    Started again it goes on; started several times at once, all share the trials.
    """
    from leanlung.runs import Options, recipe_path
    from leanlung.runs.tuning import tune as tune_recipe

    changes = [*(set_ or ()), *([f"tune.trials={trials}"] if trials else ())]
    if preset:
        _take(recipe_path(recipe), changes, preset, out, as_json=as_json)
        return
    options = Options(data=data, out=out, changes=changes, allow=allow, device=device)
    with watching(asides()) as bars:
        found = tune_recipe(recipe_path(recipe), options, bars)
    if as_json:
        answer_json(found.as_dict())
    else:
        _tell(found)


def _take(recipe: Path, changes: list[str], name: str, out: Path, *, as_json: bool) -> None:
    from leanlung.runs import read_recipe
    from leanlung.runs.tune import PRESETS, as_changes, preset
    from leanlung.runs.tuning import write_preset

    if name not in PRESETS:
        msg = f"no preset {name!r}; there are {list(PRESETS)}{did_you_mean(name, PRESETS)}"
        raise UsageError(msg)
    read = read_recipe(recipe, changes)
    path, values = write_preset(recipe, read, name, out), preset(name, read)
    if as_json:
        answer_json({"recipe": str(path), "values": values})
        return
    console = answers()
    for change in as_changes(values):
        console.print(f"--set {change}")
    console.print(f"recipe: {path}")


def _tell(found: Tuned) -> None:
    from rich.table import Table

    from leanlung.runs.tune import as_changes

    console = answers(uncut=True)
    names = list(dict.fromkeys(name for trial in found.trials for name in trial.values))
    table = Table(box=None)
    for column in ("trial", "state", found.metric, "epochs"):
        table.add_column(column, justify="right" if column != "state" else "left")
    for name in names:
        table.add_column(name, justify="right", overflow="fold")
    ranked = sorted(found.trials, key=_rank)
    for one in ranked[:SHOWN]:
        value = "" if one.value is None else f"{one.value:.4f}"
        cells = [_cell(one.values.get(name, "")) for name in names]
        table.add_row(f"{one.number}", one.state, value, f"{one.epochs}", *cells)
    console.print(table)
    if len(ranked) > SHOWN:
        console.print(f"and {len(ranked) - SHOWN} more: {found.folder / 'trials.csv'}")
    counted = {s: sum(one.state == s for one in found.trials) for s in _STATES}
    console.print(
        f"{len(found.trials)} of {found.wanted} trials: "
        + ", ".join(f"{count} {state}" for state, count in counted.items() if count)
    )
    if counted["running"]:
        console.print("those that run belong to other processes; the last one to end sums up")
    if found.best is None:
        console.print("no trial ran to its end; there is no best one yet")
        return
    for change in as_changes(found.best.values):
        console.print(f"--set {change}")
    console.print(f"recipe: {found.recipe}")


_STATES = ("complete", "stopped", "failed", "running")


def _rank(one: TrialRecord) -> tuple[int, float]:
    return _STATES.index(one.state), 0.0 if one.value is None else -one.value


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
