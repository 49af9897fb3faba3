"""``leanlung explain``: where networks look, and how far that is where the disease is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leanlung.cli.bars import watching
from leanlung.cli.speaking import answer_json, answers, asides

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from leanlung.runs.explaining import Explainers

_TOLD = 10


def explain(
    models: Annotated[list[Path], typer.Argument(help="Bundles, ensembles or finished runs.")],
    data: Annotated[Path, typer.Option(help="Films: a manifest, or a folder of classes.")],
    out: Annotated[Path, typer.Option(help="Folder for overlays, table and figures.")],
    baseline: Annotated[
        list[Path] | None,
        typer.Option(help="Unpruned bundle of each model, in their order; again for each."),
    ] = None,
    method: Annotated[str, typer.Option(help="grad-cam, grad-cam++ or lime.")] = "grad-cam",
    class_: Annotated[
        str, typer.Option("--class", help="label, predicted, or the name of a class.")
    ] = "label",
    layer: Annotated[
        list[str] | None,
        typer.Option(help="Whose maps are read; the deepest. Give it again for a grid."),
    ] = None,
    depths: Annotated[
        int | None, typer.Option(help="A grid of so many layers, from shallow to deep.", min=1)
    ] = None,
    epochs: Annotated[
        bool,
        typer.Option("--epochs", help="Of one run: the epochs its recipe kept, a row each."),
    ] = False,
    boxes: Annotated[
        Path | None, typer.Option(help="Lesions: a table path, x, y, w, h, mask, roi_class.")
    ] = None,
    finding: Annotated[
        list[str] | None, typer.Option(help="Lesions of this roi_class alone; give it again.")
    ] = None,
    masks: Annotated[
        Path | None, typer.Option(help="Lung masks: a table image_path,mask_path or a folder.")
    ] = None,
    part: Annotated[str, typer.Option(help="train, validation or test films alone.")] = "",
    limit: Annotated[
        int | None, typer.Option(help="So many films at most, with lesions first.", min=1)
    ] = None,
    overlays: Annotated[int, typer.Option(help="Draw so many films.", min=0)] = 24,
    samples: Annotated[int, typer.Option(help="Variants of a film for lime.")] = 500,
    level: Annotated[float, typer.Option(help="Of the two-sided intervals.")] = 0.95,
    resamples: Annotated[int, typer.Option(help="Of the bootstrap.")] = 2000,
    seed: Annotated[int, typer.Option(help="Of the bootstrap and of lime.", min=0)] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda …")] = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Draw where networks look, and measure it against lungs and lesions.

    Of a run, the chosen and the unpruned network are compared; bundles with --baseline.
    """
    from leanlung.networks.devices import pick_device
    from leanlung.runs.explaining import ExplainPlan, explainers_of
    from leanlung.runs.explaining import explain as look

    layers = layer or []
    several = epochs or len(layers) > 1 or depths is not None
    plan = ExplainPlan(
        method,
        class_,
        "" if several or not layers else layers[0],
        boxes,
        tuple(finding or ()),
        masks,
        part,
        limit,
        overlays,
        samples,
        level,
        resamples,
        seed,
    )
    notes: list[str] = []
    if epochs:
        found, notes = _epochs(models, baseline)
    else:
        found = explainers_of(models, baseline or ())
    if several and (layers or depths is not None):
        from leanlung.runs.explaining import by_layers

        found = by_layers(found, layers, depths)
    with watching(asides()) as bars:
        told = look(found, data, out, plan, pick_device(device), bars, notes)
    if as_json:
        answer_json(told)
        return
    _tell(answers(), told)
    answers().print(f"written to {out}")
    asides().print("Research use only; not a medical device.")


def _epochs(models: list[Path], baseline: list[Path] | None) -> tuple[Explainers, list[str]]:
    from leanlung.foundations.errors import UsageError
    from leanlung.runs.explaining import kept_epochs

    if len(models) != 1 or baseline:
        msg = "--epochs looks at one run; give its folder alone, without --baseline"
        raise UsageError(msg)
    return kept_epochs(models[0])


def _tell(console: Console, told: Mapping[str, Any]) -> None:
    from rich.table import Table

    known = ", ".join(f"{count} with {name}" for name, count in told["with"].items())
    console.print(
        f"{told['films']} films of {told['patients']} patients explained by {told['method']}, "
        f"class: {told['of_class']}; {known}"
    )
    reasons = sorted(told["left_out"].items(), key=lambda each: -each[1])
    for why, count in reasons[:_TOLD]:
        console.print(f"left out: {count} ({why})")
    if more := sum(count for _, count in reasons[_TOLD:]):
        console.print(f"left out: {more} more, see attention.json")
    for one in told["problems"][:_TOLD]:
        console.print(f"does not fit: {one['study_id']}: {one['problem']}")
    if len(told["problems"]) > _TOLD:
        console.print(f"… and {len(told['problems']) - _TOLD} more that do not fit")
    for name, layer in told["layers"].items():
        console.print(f"{name}: maps of {layer}")
    for name, one in told["models"].items():
        if one["empty_maps"]:
            console.print(f"{name}: nothing speaks for the class on {one['empty_maps']} films")
    table = Table(box=None)
    for heading in ("", "region", "measure", "average", "chance", "films", "patients"):
        table.add_column(heading, no_wrap=True)
    for name, one in told["models"].items():
        for entry in one["measures"]:
            chance = entry["chance"]
            beside = "" if chance is None else f"{chance:.3f}"
            table.add_row(name, *_cells(entry, "estimate", beside))
    for entry in told["differences"]:
        name = f"{entry['model']} minus {entry['baseline']}"
        table.add_row(name, *_cells(entry, "difference", ""))
    if table.rows:
        answers(uncut=True).print(table)
    for note in told["told"]:
        console.print(f"note: {note}")


def _cells(entry: Mapping[str, Any], kind: str, chance: str) -> list[str]:
    one = entry[kind]
    sign = "+" if kind == "difference" else ""
    shown = "–"
    if one["value"] is not None:
        ends = f"[{one['low']:{sign}.3f}, {one['high']:{sign}.3f}]"
        shown = f"{one['value']:{sign}.3f} {ends}"
    counts = f"{one['studies']}", f"{one['patients']}"
    return [entry["region"], entry["measure"], shown, chance, *counts]
