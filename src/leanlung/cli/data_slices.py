"""``leanlung data slices``: CT volumes become prepared, labelled pictures with a manifest."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from leanlung.cli.bars import watching
from leanlung.cli.speaking import answer_json, answers, asides
from leanlung.foundations.errors import UsageError


class Crop(StrEnum):
    """What of a slice becomes a picture."""

    none = "none"
    lungs = "lungs"
    left_right = "left-right"
    quadrants = "quadrants"


class Label(StrEnum):
    """What is labelled."""

    infected = "infected"
    halves = "halves"
    quadrants = "quadrants"


_OF = {
    "none": "infected",
    "lungs": "infected",
    "left-right": "halves",
    "quadrants": "quadrants",
}


def slices(
    where: Annotated[
        Path,
        typer.Argument(
            metavar="VOLUME | ARCHIVE | MANIFEST",
            help="A .nii(.gz) file, a folder of a DICOM series, the folder of an archive, or a "
            "manifest of slices.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="A new or an empty folder.")],
    window: Annotated[
        str,
        typer.Option(help="lung, mediastinum, covid19_ct or level:width; else the archive's."),
    ] = "",
    size: Annotated[int, typer.Option(help="Height and width of a picture.")] = 256,
    crop: Annotated[Crop, typer.Option(help="What of a slice is kept.")] = Crop.lungs,
    label: Annotated[
        Label | None, typer.Option(help="What is labelled; follows from --crop.")
    ] = None,
    margin: Annotated[
        float, typer.Option(help="Around a box, share of its longer side.")
    ] = 0.05,
    black: Annotated[bool, typer.Option("--black", help="Make black what is no lung.")] = False,
    clahe: Annotated[bool, typer.Option("--clahe", help="Level the contrast first.")] = False,
    tiles: Annotated[int, typer.Option(help="CLAHE: tiles down and across.")] = 8,
    clip: Annotated[float, typer.Option(help="CLAHE: limit of the contrast.")] = 2.0,
    infected_share: Annotated[
        float, typer.Option(help="Halves, quadrants: infected from this share of the lung on.")
    ] = 0.02,
    clear_share: Annotated[
        float, typer.Option(help="Halves, quadrants: clear up to this share.")
    ] = 0.0,
    least_lung: Annotated[
        int, typer.Option(help="Halves, quadrants: fewest pixels of lung in the slice.")
    ] = 256,
    infected_pixels: Annotated[
        int, typer.Option(help="Whole slices: infected from so many pixels on.")
    ] = 1,
    series: Annotated[str, typer.Option(help="DICOM: end of the series instance UID.")] = "",
    lung_mask: Annotated[Path | None, typer.Option(help="One volume: NIfTI mask.")] = None,
    infection_mask: Annotated[Path | None, typer.Option(help="One volume: NIfTI mask.")] = None,
    class_: Annotated[
        list[str] | None,
        typer.Option(
            "--class", help="Of a manifest: only slices of this label; give it again."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Cut CT volumes into pictures of slices, with masks, labels and a manifest."""
    from pydantic import ValidationError

    from leanlung.pixels.clahe import Clahe
    from leanlung.slices import CutSpec, Rule, gather, write_slices

    if label is not None and label.value != _OF[crop.value]:
        msg = (
            f"--label {label.value} does not go with --crop {crop.value}: infected goes with "
            "none and lungs, halves with left-right, quadrants with quadrants"
        )
        raise UsageError(msg)
    try:
        levels = Clahe(tiles=tiles, clip=clip) if clahe else None
    except ValidationError as error:
        msg = f"--tiles {tiles} --clip {clip:g}: 1 to 64 tiles, and a clip above 0 up to 256"
        raise UsageError(msg) from error
    spec = CutSpec(
        size=size,
        crop=crop.value,
        margin=margin,
        clahe=levels,
        outside="black" if black else "keep",
        rule=Rule(infected_share, clear_share, least_lung, infected_pixels),
    )
    cohort, notes = gather(
        where,
        window=window,
        series=series,
        lung_mask=lung_mask,
        infection_mask=infection_mask,
        classes=tuple(class_ or ()),
    )
    with watching(asides()) as bars, bars.task("slices", len(cohort.studies)) as done:
        written = write_slices(cohort, out, spec, done)
    answer = written.as_dict() | {"notes": list(notes), "slices": len(cohort.studies)}
    if as_json:
        answer_json(answer)
    else:
        tell(answer)


def tell(answer: dict[str, Any]) -> None:
    """Print what was written."""
    console = answers()
    made_up = ", all made up" if answer["made_up"] else ""
    console.print(
        f"{answer['images']} pictures of {answer['slices']} slices, "
        f"{answer['patients']} patients{made_up}"
    )
    console.print(
        "classes: " + ", ".join(f"{count} {name}" for name, count in answer["classes"].items())
    )
    for one in answer["left_out"]:
        console.print(f"left out: {one['images']} {one['reason']}", soft_wrap=True)
    if answer["lungs_found_by_air"]:
        console.print(
            f"note: no lung mask for {answer['lungs_found_by_air']} slices; the lungs were "
            "found by their air, which misses dense lesions at the wall"
        )
    if answer["patients_of_several_classes"]:
        several = answer["patients_of_several_classes"]
        console.print(f"patients with pictures of several classes: {several}")
    for note in answer["notes"]:
        console.print(f"note: {note}", soft_wrap=True)
    console.print(f"left out, by name: {answer['left_out_list']}", soft_wrap=True)
    console.print(f"manifest: {answer['manifest']}", soft_wrap=True)
