"""``leanlung prune``: a smaller bundle from a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leanlung.cli.bars import watching
from leanlung.cli.speaking import answer_json, answers, asides

if TYPE_CHECKING:
    from leanlung.pruning.exact import Certificate
    from leanlung.runs.bundle_pruning import BundlePruning


def prune(
    bundle: Annotated[Path, typer.Argument(help="Folder of a bundle.")],
    data: Annotated[Path, typer.Option(help="Labelled images: a folder, or a manifest.")],
    out: Annotated[Path, typer.Option(help="Folder of the new bundle.")],
    keep: Annotated[
        float | None, typer.Option(help="Share of the parameters to keep, e.g. 0.25.")
    ] = None,
    target_parameters: Annotated[
        int | None, typer.Option(help="Keep so many parameters at most.")
    ] = None,
    target_macs: Annotated[
        int | None, typer.Option(help="Multiply-accumulates for an image, at most.")
    ] = None,
    target_latency_ms: Annotated[
        float | None, typer.Option(help="Milliseconds for an image on this device, at most.")
    ] = None,
    criterion: Annotated[
        str | None, typer.Option(help="What units are worth; see leanlung list criteria.")
    ] = None,
    scope: Annotated[
        str | None, typer.Option(help="Where units compete: layer or network.")
    ] = None,
    rounds: Annotated[int | None, typer.Option(help="In how many rounds.")] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Of training after each round, at most.")
    ] = None,
    distil: Annotated[
        float | None, typer.Option(help="How much training listens to the bundle, 0 to 1.")
    ] = None,
    align: Annotated[
        int | None, typer.Option(help="Widths become multiples of 4, 8 or 16.")
    ] = None,
    costs: Annotated[
        str | None,
        typer.Option(help="macs: more leaves where a unit takes more operations; or none."),
    ] = None,
    minimum: Annotated[int | None, typer.Option(help="Units that every layer keeps.")] = None,
    leave_alone: Annotated[
        list[str] | None,
        typer.Option(help="A layer that loses nothing, or a pattern; may be repeated."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of everything random.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 …")] = "auto",
    allow: Annotated[
        bool, typer.Option("--allow", help="Go on in spite of leaks; told on the model card.")
    ] = False,
    lossless: Annotated[
        bool, typer.Option("--lossless", help="Remove only what changes no answer.")
    ] = False,
    tolerance: Annotated[
        float | None,
        typer.Option(help="With --lossless: largest relative change of a logit.", min=0.0),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Make a bundle smaller: units leave in rounds, and it is trained again.

    The training part of the data is learnt from, the validation part chooses the epochs; its
    test part is not looked at. With --lossless nothing is trained and no answer changes.
    """
    from leanlung.foundations.errors import UsageError

    values = {
        "target.share": keep,
        "target.parameters": target_parameters,
        "target.macs": target_macs,
        "target.latency_ms": target_latency_ms,
        "criterion": criterion,
        "scope": scope,
        "rounds": rounds,
        "retrain.epochs": epochs,
        "retrain.distil.weight": distil,
        "align": align,
        "costs": costs,
        "minimum": minimum,
        "leave_alone": leave_alone or None,
    }
    asked = {name: value for name, value in values.items() if value is not None}
    if not lossless:
        if tolerance is not None:
            msg = "--tolerance is of --lossless; give both or neither"
            raise UsageError(msg)
        _prune(bundle, data, out, asked, seed, device, allow=allow, as_json=as_json)
        return
    from leanlung.runs.lossless import prune_losslessly
    from leanlung.runs.shrinking import FLAGS

    if asked:
        flags = ", ".join(FLAGS[name] for name in asked)
        msg = f"--lossless removes what changes no answer, and does not go with {flags}"
        raise UsageError(msg)
    given = {} if tolerance is None else {"tolerance": tolerance}
    _tell_lossless(prune_losslessly(bundle, data, out, **given), out, as_json=as_json)


def _prune(
    bundle: Path,
    data: Path,
    out: Path,
    asked: dict[str, Any],
    seed: int,
    device: str,
    *,
    allow: bool,
    as_json: bool,
) -> None:
    from leanlung.runs.bundle_pruning import prune_bundle
    from leanlung.runs.shrinking import plan_of

    plan = plan_of(asked)
    with watching(asides()) as bars:
        found = prune_bundle(
            bundle, data, out, plan, seed=seed, device=device, allow=allow, progress=bars
        )
    if as_json:
        answer_json({"bundle": str(out), **found.as_dict()})
    else:
        _tell(found, bundle, out)


_SIZES = {
    "stored": "parameters",
    "nonzero": "of them not zero",
    "macs": "MACs",
    "file_bytes": "bytes",
    "masked_bytes": "bytes as bits and kept weights",
}


def _tell(found: BundlePruning, bundle: Path, out: Path) -> None:
    from rich.table import Table

    console = answers()
    console.print(f"{found.about}; target: {found.limit:,.6g} {found.unit} at most")
    table = Table(box=None)
    for heading in ("", "before", "after", "left"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for key, name in _SIZES.items():
        if key in found.after.size:
            was, now = found.before.size[key], found.after.size[key]
            table.add_row(name, f"{was:,}", f"{now:,}", f"{now / was:.3f}")
    if found.unit == "ms":
        was_ms, now_ms = found.before.target, found.after.target
        table.add_row("ms", f"{was_ms:.2f}", f"{now_ms:.2f}", f"{now_ms / was_ms:.3f}")
    for name, value in found.before.validation.items():
        table.add_row(name, f"{value:.4f}", f"{found.after.validation[name]:.4f}", "")
    console.print(table)
    on, learnt = found.data["validation"], found.data["train"]
    console.print(
        f"trained on {learnt['studies']} images of {learnt['patients']} patients, measured on "
        f"{on['studies']} of {on['patients']}; parted {found.data['parted']}"
    )
    console.print(
        "These images chose the epochs, so the figures flatter. For a verdict: leanlung "
        f"compare {bundle} {out} --data IMAGES, of patients neither has seen, or leanlung run."
    )
    console.print(f"bundle: {out}")


def _tell_lossless(found: Certificate, out: Path, *, as_json: bool) -> None:
    if as_json:
        answer_json({"bundle": str(out), "certificate": found.as_dict()})
        return
    console = answers()
    left = found.zero + found.folded + found.approximated
    console.print(f"{left} of {found.units} units left, over {found.images} images")
    for count, why in (
        (found.zero, "were read as zero everywhere"),
        (found.folded, "were constant; their constants are in biases now"),
        (found.approximated, "were constant behind padding, and changed too little to matter"),
        (found.kept, "are constant too and stay: to lose them would change an answer"),
    ):
        if count:
            console.print(f"  {count} {why}")
    console.print(
        f"largest change of a logit: {found.largest_change_float32:.1e} in single, "
        f"{found.largest_change_float64:.1e} in double precision"
    )
    console.print(f"bundle: {out}")
