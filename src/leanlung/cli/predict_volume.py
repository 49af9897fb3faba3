"""What ``leanlung predict`` says of a CT volume: its slices, and what they come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from leanlung.cli.bars import watching
from leanlung.cli.speaking import answer_json, answers, asides

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import torch
    from rich.console import Console

    from leanlung.exports import Model
    from leanlung.pixels import PixelSpec
    from leanlung.runs.volume_told import VolumeAnswers


@dataclass(frozen=True)
class VolumeOptions:
    """What is asked about a volume.

    Attributes:
        window: Name, or ``level:width``; empty for ``lung``.
        of_class: Whose probability is followed through the volume; may be empty.
        out: Folder for table, figures and strip; None to write nothing.
        every: Look at every so many slices; None for all.
        series: End of a series instance UID.
    """

    window: str = ""
    of_class: str = ""
    out: Path | None = None
    every: int | None = None
    series: str = ""

    @property
    def given(self) -> str:
        """Name an option that only a volume takes, if one was given."""
        named = {
            "--window": self.window,
            "--of-class": self.of_class,
            "--out": self.out,
            "--every": self.every,
            "--series": self.series,
        }
        return next((name for name, value in named.items() if value), "")


def volume_among(images: Sequence[Path], options: VolumeOptions) -> Path | None:
    """Find the volume that is asked about.

    Args:
        images: As given.
        options: As given.

    Returns:
        It; None where all are pictures.

    Raises:
        UsageError: If there is more beside it, or options of volumes come with pictures.
    """
    from leanlung.foundations.errors import UsageError
    from leanlung.foundations.within import parted
    from leanlung.studies.volumes.nifti import is_nifti

    volumes = [one for one in images if one.is_dir() or (is_nifti(one) and not parted(one)[1])]
    if volumes and len(images) > 1:
        msg = (
            f"{volumes[0]}: a CT volume among {len(images)} paths; give one volume alone, or "
            f"single slices of it, as {volumes[0].name}#z=000"
        )
        raise UsageError(msg)
    if not volumes and options.given:
        msg = (
            f"{options.given} is of a CT volume: a .nii or .nii.gz file, or a folder of a "
            "DICOM series"
        )
        raise UsageError(msg)
    return volumes[0] if volumes else None


def predict_volume(
    model: Model, path: Path, options: VolumeOptions, device: torch.device, *, as_json: bool
) -> None:
    """Answer a volume, print what was found and write it where that is asked for."""
    from leanlung.foundations.files import write_bytes
    from leanlung.runs.volume_answers import answer_volume, class_looked_for
    from leanlung.runs.volume_slices import lung_slices
    from leanlung.runs.volume_strip import Strip
    from leanlung.runs.volume_told import STRIP
    from leanlung.studies.volumes import window_of

    of_class = class_looked_for(model, options.of_class)
    window = window_of(options.window or "lung")
    every = 1 if options.every is None else options.every
    found = lung_slices(path, window, every=every, series=options.series)
    drawing = None if options.out is None else Strip(model, of_class, device)
    with watching(asides()) as bars:
        look = (lambda _: None) if drawing is None else drawing.look
        answered = answer_volume(model, found, of_class, device, bars, look)
    if options.out is not None and drawing is not None:
        answered.save(options.out)
        write_bytes(options.out / STRIP, drawing.png(answered.threshold))
    if as_json:
        answer_json(answered.as_dict())
    else:
        _tell(answered)
        if drawing is not None:
            if drawing.why_not:
                asides().print(f"No heat on the strip: {drawing.why_not}.")
            answers().print(f"written to {options.out}")
        asides().print("Research use only; not a medical device.")
    for index, why in found.problems.items():
        typer.echo(f"leanlung: slice {index} left out: {why}", err=True)
    if found.problems:
        raise typer.Exit(1)


def _tell(found: VolumeAnswers) -> None:
    from rich.table import Table

    console, classes = answers(), found.predictions.classes
    table = Table(box=None)
    for heading in ("slice", "answer", *classes):
        table.add_column(heading, overflow="fold")
    for row in found.rows():
        shares = [f"{row['probabilities'][name]:.4f}" for name in classes]
        table.add_row(f"{row['slice']:03d}", row["label"], *shares)
    answers(uncut=True).print(table)
    volume, window = found.found.volume, found.found.window
    left_out = "".join(f"; {n} left out: {why}" for why, n in found.found.left_out.items())
    console.print(
        f"{volume.path}: {volume.shape[0]} slices, {len(found.found.looked_at)} looked at, "
        f"{len(found.indices)} answered{left_out}"
    )
    _figures(console, found)
    shown = (
        "grey as stored"
        if volume.windowed
        else f"window {window.name}, {window.low:g} to {window.high:g}"
    )
    for spec in found.pixels:
        console.print(f"read as: {shown}; {_prepared(spec)}")
    for note in found.told:
        console.print(f"note: {note}")
    for made_up, what in zip(found.made_up, ("volume", "bundle"), strict=True):
        if made_up:
            asides().print(f"This {what} is made up.")


def _figures(console: Console, found: VolumeAnswers) -> None:
    figures = found.figures()
    name = figures["of_class"]
    most, share = figures["max"], figures["share"]
    console.print(
        f"{name}: mean {figures['mean'][name]:.4f}, max {most['value']:.4f} (slice "
        f"{most['slice']:03d})"
    )
    if share["value"] is None:
        console.print(f"{name}: no share of slices: {share['why']}")
    else:
        console.print(
            f"{name}: share of slices from the frozen threshold {share['threshold']:.4f} on: "
            f"{share['value']:.4f}"
        )


def _prepared(spec: PixelSpec) -> str:
    crop = "cropped to the lungs" if spec.crop == "lungs" else "whole slices"
    if spec.crop == "lungs" and spec.outside == "black":
        crop += ", black outside"
    levels = (
        "no CLAHE"
        if spec.clahe is None
        else f"CLAHE of {spec.clahe.tiles} tiles, clip {spec.clahe.clip:g}"
    )
    median = ", median filter" if spec.median else ""
    return (
        f"{spec.size} x {spec.size} pixels, {crop}, {levels}{median}, "
        f"standardised by {spec.standardise}"
    )
