"""``leanlung predict``: what a bundle says of images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leanlung.cli.speaking import answer_json, answers, asides


def predict(
    bundle: Annotated[Path, typer.Argument(help="Folder of a bundle or an ensemble.")],
    images: Annotated[
        list[Path],
        typer.Argument(
            help="PNG, JPEG or DICOM files; or one CT volume: .nii, .nii.gz, a DICOM folder."
        ),
    ],
    window: Annotated[
        str, typer.Option(help="Volume: lung, mediastinum, covid19_ct or level:width.")
    ] = "",
    of_class: Annotated[
        str, typer.Option(help="Volume: the class that is followed through its slices.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="Volume: folder for table, figures and a strip.")
    ] = None,
    every: Annotated[
        int | None, typer.Option(help="Volume: look at every so many slices.", min=1)
    ] = None,
    series: Annotated[
        str, typer.Option(help="Volume: end of the DICOM series instance UID.")
    ] = "",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda …")] = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Classify images, or the slices of a CT volume.

    Research use only: no answer may decide about a patient.
    """
    from rich.table import Table

    from leanlung.cli.predict_volume import VolumeOptions, predict_volume, volume_among
    from leanlung.exports import answer, load_model
    from leanlung.exports.models import networks_of
    from leanlung.networks.devices import pick_device

    options = VolumeOptions(window, of_class, out, every, series)
    volume = volume_among(images, options)
    loaded = load_model(bundle)
    if volume is not None:
        predict_volume(loaded, volume, options, pick_device(device), as_json=as_json)
        return
    found = answer(loaded, images, device=pick_device(device))
    if as_json:
        answer_json([one.as_dict() for one in found])
    else:
        table = Table(box=None)
        cooled = loaded.readout is not None
        for heading in ("image", "answer", *loaded.classes, *["calibrated"] * cooled):
            table.add_column(heading, overflow="fold")  # nothing is cut off
        for one in found:
            if not one.problem:
                shares = [f"{one.probabilities[name]:.4f}" for name in loaded.classes]
                if cooled and one.label is not None:  # the answer, as sure as it may be
                    shares.append(f"{one.calibrated[one.label]:.4f}")
                table.add_row(str(one.image), one.label, *shares)
        if table.rows:
            answers(uncut=True).print(table)
        if loaded.made_up:
            asides().print("This bundle was trained on made-up images.")
        crops = [n for n in networks_of(loaded) if n.pixels.crop == "lungs"]
        if any(network.segmenter is None for network in crops):
            asides().print(
                "This bundle was trained on images cropped to the lungs; these were read whole."
            )
        else:
            for one in found:
                if one.whole:
                    asides().print(f"{one.image}: read whole, not cropped: {one.whole}")
        asides().print("Research use only; not a medical device.")
    for one in found:
        if one.problem:
            typer.echo(f"leanlung: {one.problem}", err=True)
    if any(one.problem for one in found):
        raise typer.Exit(1)
