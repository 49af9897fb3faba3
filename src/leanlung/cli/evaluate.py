"""``leanlung evaluate``: how far a model carries to another hospital."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leanlung.cli.compare_predictions import require_numbers
from leanlung.cli.speaking import answer_json, answers, asides

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console


def evaluate(
    model: Annotated[Path, typer.Argument(help="A finished run, a bundle or an ensemble.")],
    external: Annotated[
        Path, typer.Option(help="Labelled images of other patients: a manifest, or a folder.")
    ],
    shared_only: Annotated[
        bool, typer.Option("--shared-only", help="Leave out classes that one side lacks.")
    ] = False,
    metric: Annotated[
        str | None, typer.Option(help="See leanlung list metrics; that of the run.")
    ] = None,
    margin: Annotated[
        float | None, typer.Option(help="Largest loss by pruning that counts as none.")
    ] = None,
    level: Annotated[float, typer.Option(help="Of the two-sided intervals.")] = 0.95,
    resamples: Annotated[int, typer.Option(help="Of the bootstrap.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Folder for external.json and the predictions.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda …")] = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Measure on external data, with everything frozen; the drop beside that of pruning."""
    from leanlung.foundations.files import write_json
    from leanlung.networks.devices import pick_device
    from leanlung.runs.external import Plan, evaluate_external
    from leanlung.runs.reporting import draw_again
    from leanlung.statistics import write_predictions

    asked = [0.02 if margin is None else margin]  # that of a run is sound
    require_numbers([metric or "macro_auc"], asked, level, resamples)
    plan = Plan(metric, margin, level, resamples, seed, shared_only)
    found = evaluate_external(model, external, plan, pick_device(device))
    if out is not None:
        write_json(out / "external.json", found.told)
        for one in found.predictions:
            write_predictions(out / f"predictions-{one.model}-external.csv", one)
        if out.resolve() == (model / "external").resolve():
            draw_again(model)
    if as_json:
        answer_json(found.told)
    else:
        _tell(answers(), found.told)
        asides().print("Research use only; not a medical device.")


def _tell(console: Console, told: Mapping[str, Any]) -> None:
    from rich.table import Table

    counted = f"{told['studies']} studies of {told['patients']} patients"
    console.print(f"{told['data']}: {counted}, classes {', '.join(told['classes'])}")
    for name, studies in told["left_out"].items():
        console.print(f"left out: {name} ({studies} studies)")
    table = Table(box=None)
    for heading in ("", told["metric"], "internal", "change"):
        table.add_column(heading)
    for name, found in told["models"].items():
        rows = [
            next((one for one in found[kind] if one["name"] == told["metric"]), None)
            for kind in ("estimates", "internal", "drop")
        ]
        table.add_row(name, *(_shown(row, signed=row is rows[2]) for row in rows))
    console.print(table)
    for side, comparisons in (told["compression"] or {}).items():
        first = comparisons[0]
        change = _shown(first["difference"], signed=True)
        console.print(f"change by pruning, {side} patients: {change} ({first['verdict']})")
    _tell_thresholds(console, told)
    for note in told["notes"]:
        console.print(f"note: {note}")


def _tell_thresholds(console: Console, told: Mapping[str, Any]) -> None:
    from rich.table import Table

    table = Table(title="at thresholds frozen on validation", title_justify="left", box=None)
    for heading in ("", "class", "rule", "from", "sensitivity", "specificity"):
        table.add_column(heading)
    for name, found in told["models"].items():
        for point in (found["calibration"] or {"thresholds": ()})["thresholds"]:
            frozen = point["threshold"]
            table.add_row(
                name,
                frozen["of_class"],
                frozen["rule"],
                f"{frozen['value']:.3f}",
                _shown(point["sensitivity"]),
                _shown(point["specificity"]),
            )
    if table.rows:
        console.print(table)


def _shown(estimate: Mapping[str, Any] | None, *, signed: bool = False) -> str:
    if estimate is None or estimate["value"] is None:
        return "–"
    sign = "+" if signed else ""
    value = f"{estimate['value']:{sign}.3f}"
    if estimate["low"] is None or estimate["high"] is None:
        return value
    return f"{value} [{estimate['low']:{sign}.3f}, {estimate['high']:{sign}.3f}]"
