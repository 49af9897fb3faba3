"""``leanlung segment``: the lungs on films, and the segmenter that finds them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leanlung.cli.bars import watching
from leanlung.cli.speaking import answer_json, answers, asides

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leanlung.lungs.fitting import Epoch
    from leanlung.runs.segmenting import SegmentedFilms

_TOLD = 10


def segment(
    segmenter: Annotated[
        Path | None, typer.Argument(help="Folder of a segmenter; not with --fit.")
    ] = None,
    images: Annotated[
        list[Path] | None, typer.Argument(help="Films, folders of them, or one manifest.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the masks; with --fit, of the new segmenter."),
    ] = None,
    fit: Annotated[
        Path | None, typer.Option(help="Fit a segmenter on this table of films and masks.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(help="Measure the segmenter on this table of films and masks."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder that the paths of a table are meant from.")
    ] = None,
    margin: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Around the lungs, as a share of their box.")
    ] = 0.05,
    overlay: Annotated[
        bool, typer.Option("--overlay", help="Draw outlines and boxes on small copies.")
    ] = False,
    epochs: Annotated[int | None, typer.Option(help="With --fit.")] = None,
    width: Annotated[
        int | None,
        typer.Option(help="With --fit: channels at the finest level; 64 the paper's."),
    ] = None,
    fold: Annotated[
        int | None, typer.Option(help="With --fit: 1 the usual U-Net, 2 or 4 much faster.")
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="With --fit: auto, float32 or bfloat16.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of parts, fit and intervals.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda …")] = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Find the lungs on films: leanlung segment SEGMENTER FILMS --out DIR.

    With --fit PAIRS.csv --out SEGMENTER one is fitted first; with --against PAIRS.csv one is
    measured. A film whose mask cannot be that of two lungs stays whole, counted and listed.
    """
    from leanlung.foundations.errors import UsageError

    plan = {"epochs": epochs, "width": width, "fold": fold, "precision": precision}
    asked = {name: value for name, value in plan.items() if value is not None}
    if fit is not None:
        if segmenter is not None or images or against is not None or out is None:
            msg = (
                "--fit takes a table of films and masks and --out, the folder of the segmenter"
            )
            raise UsageError(msg)
        _fit(fit, data, out, {**asked, "seed": seed}, device, as_json=as_json)
        return
    if asked:
        msg = f"--{next(iter(asked))} is of --fit"
        raise UsageError(msg)
    if segmenter is None:
        msg = "give the folder of a segmenter, or make one with --fit PAIRS.csv --out SEGMENTER"
        raise UsageError(msg)
    if against is not None:
        if images or out is not None:
            msg = "--against measures a segmenter on a table; leave films and --out out"
            raise UsageError(msg)
        _measure(segmenter, against, data, seed, device, as_json=as_json)
        return
    if not images or out is None:
        msg = "give films, a folder or a manifest, and --out, the folder for their masks"
        raise UsageError(msg)
    _find(segmenter, images, out, margin, device, overlays=overlay, as_json=as_json)


def _find(
    folder: Path,
    images: Sequence[Path],
    out: Path,
    margin: float,
    device: str,
    *,
    overlays: bool,
    as_json: bool,
) -> None:
    from leanlung.lungs import load_segmenter
    from leanlung.networks.devices import pick_device
    from leanlung.runs.segmenting import segment_films

    segmenter = load_segmenter(folder)
    with watching(asides()) as bars:
        found = segment_films(
            segmenter,
            images,
            out,
            margin=margin,
            overlays=overlays,
            device=pick_device(device),
            progress=bars,
        )
    if as_json:
        answer_json(found.as_dict())
    else:
        _tell_found(found)
    for problem in found.unreadable:
        typer.echo(f"leanlung: {problem}", err=True)
    if found.unreadable:
        raise typer.Exit(1)


def _tell_found(found: SegmentedFilms) -> None:
    console = answers()
    whole = found.whole
    films = len(found.boxes)
    console.print(
        f"lungs found on {films - len(whole)} of {films} films; {len(whole)} stay whole"
    )
    for path, why in list(whole.items())[:_TOLD]:
        console.print(f"  {path}: {why}")
    if len(whole) > _TOLD:
        console.print(f"  … and {len(whole) - _TOLD} more, in lungs.csv")
    console.print(f"masks: {found.out}")


def _fit(
    table: Path,
    data: Path | None,
    out: Path,
    asked: Mapping[str, Any],
    device: str,
    *,
    as_json: bool,
) -> None:
    from pydantic import ValidationError

    from leanlung.foundations.errors import UsageError
    from leanlung.lungs import (
        SegmenterPlan,
        fit_segmenter,
        load_pairs,
        read_pairs,
        save_segmenter,
    )
    from leanlung.networks.devices import pick_device

    try:
        plan = SegmenterPlan.model_validate(asked)
    except ValidationError as error:
        told = [f"--{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise UsageError("; ".join(told)) from error
    pairs = read_pairs(table, data)
    checkpoint = out / "checkpoint.safetensors"
    with watching(asides()) as bars:
        with bars.task("reading masks", len(pairs)) as done:
            loaded = load_pairs(pairs, done)
        with bars.task("fitting", plan.epochs) as done:

            def epoch_done(epoch: Epoch) -> None:
                done(epoch.number)

            segmenter = fit_segmenter(
                loaded,
                plan,
                device=pick_device(device),
                checkpoint=checkpoint,
                watch=epoch_done,
            )
    save_segmenter(out, segmenter)
    checkpoint.unlink(missing_ok=True)
    if as_json:
        fitted, left_out = dict(segmenter.fitted), list(loaded.problems)
        told_json = {"segmenter": str(out), "fitted": fitted, "left_out": left_out}
        answer_json({**told_json, "agreement": [dict(one) for one in segmenter.agreement]})
        return
    console = answers()
    for problem in loaded.problems:
        console.print(f"left out: {problem}")
    learnt, unseen = (segmenter.fitted["patients"][part] for part in ("train", "test"))
    best = segmenter.fitted["best_epoch"]
    console.print(
        f"fitted on {learnt} patients; the best epoch was {best} of "
        f"{segmenter.fitted['epochs']}; measured on {unseen} patients it has not seen"
    )
    _tell_agreement(segmenter.agreement)
    console.print(f"segmenter: {out}")


def _measure(
    folder: Path, table: Path, data: Path | None, seed: int, device: str, *, as_json: bool
) -> None:
    from leanlung.lungs import load_pairs, load_segmenter, measure_segmenter, read_pairs
    from leanlung.networks.devices import pick_device

    segmenter = load_segmenter(folder)
    pairs = read_pairs(table, data)
    with watching(asides()) as bars, bars.task("reading masks", len(pairs)) as done:
        loaded = load_pairs(pairs, done)
    found, implausible = measure_segmenter(
        segmenter, loaded, seed=seed, device=pick_device(device)
    )
    if as_json:
        answer_json(
            {
                "agreement": [one.as_dict() for one in found],
                "implausible": list(implausible),
                "left_out": list(loaded.problems),
            }
        )
        return
    console = answers()
    for problem in loaded.problems:
        console.print(f"left out: {problem}")
    _tell_agreement([one.as_dict() for one in found])
    console.print(f"{len(implausible)} of {len(loaded.pairs)} masks are implausible")
    for one in implausible[:_TOLD]:
        console.print(f"  {one}")
    if len(implausible) > _TOLD:
        console.print(f"  … and {len(implausible) - _TOLD} more; all with --json")


def _tell_agreement(found: Sequence[Mapping[str, Any]]) -> None:
    from rich.table import Table

    from leanlung.statistics import Estimate

    table = Table(box=None)
    for heading in ("masks by", "films", "patients", "Dice", "IoU", "lowest twentieth"):
        right = heading in {"films", "patients", "lowest twentieth"}
        table.add_column(heading, justify="right" if right else "left", overflow="fold")
    for one in found:
        figures = (str(Estimate.from_dict(one[name])) for name in ("dice", "iou"))
        counts = f"{one['films']:,}", f"{one['patients']:,}"
        table.add_row(one["source"], *counts, *figures, f"{one['lowest']:.3f}")
    answers(uncut=True).print(table)
