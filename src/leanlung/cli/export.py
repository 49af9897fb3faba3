"""``leanlung export``: a bundle for another runtime, in float32 or in eight bits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leanlung.cli.speaking import answer_json, answers, asides

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from leanlung.exports import Bundle
    from leanlung.exports.int8 import Change, Quantised


def export(
    bundle: Annotated[Path, typer.Argument(help="Folder of a bundle.")],
    to: Annotated[str, typer.Option(help="onnx.")] = "onnx",
    out: Annotated[
        Path | None,
        typer.Option(
            help="The file, or with --int8 the folder; model.onnx or int8 in the bundle if not "
            "given."
        ),
    ] = None,
    int8: Annotated[
        bool, typer.Option("--int8", help="In eight bits, calibrated on images of --data.")
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(help="Of --int8: labelled images; those of training are used."),
    ] = None,
    calibration: Annotated[
        int, typer.Option(min=1, help="Of --int8: how many training images.")
    ] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Of --int8: draws the images.")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Of --int8: for the times.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Write a bundle for another runtime, and check that it answers alike."""
    from leanlung.exports import load_bundle
    from leanlung.exports.onnx import export_onnx
    from leanlung.foundations.errors import UsageError
    from leanlung.foundations.suggestions import did_you_mean

    if to != "onnx":
        msg = f"no export to {to!r}; there is ['onnx']{did_you_mean(to, ['onnx'])}"
        raise UsageError(msg)
    if int8 is (data is None):
        msg = (
            "eight bits are calibrated on training images: give --int8 and --data together"
            if int8
            else "--data is of --int8; an export in float32 needs no images"
        )
        raise UsageError(msg)
    if data is not None:
        folder = out or bundle / "int8"
        _in_eight_bits(bundle, data, folder, calibration, seed, threads, as_json=as_json)
        return
    path = out or bundle / "model.onnx"
    parity = export_onnx(load_bundle(bundle), path)
    if as_json:
        answer_json({"file": str(path), "parity": parity.as_dict()})
        return
    console = answers()
    console.print(f"{path}: {parity.bytes:,} bytes")
    console.print(
        f"answers as PyTorch does: logits differ by at most {parity.largest_difference:.1e} of "
        f"the largest, on {parity.images} random images"
    )


def _in_eight_bits(
    path: Path, data: Path, folder: Path, count: int, seed: int, threads: int, *, as_json: bool
) -> None:
    from leanlung.exports import load_bundle
    from leanlung.exports.onnx_folder import save_int8
    from leanlung.studies.layouts import read_cohort

    bundle = load_bundle(path)
    told = {study.attributes.get("split", "") for study in read_cohort(data).studies}
    known = _drawn(bundle, data, "train", count, seed)
    others = [_drawn(bundle, data, "validation", count, seed)] if "validation" in told else []
    found = save_int8(folder, bundle, [known], others, threads=threads)
    parted = any(told)
    if as_json:
        answer_json({"folder": str(folder), "parted": parted, "quantised": found.as_dict()})
        return
    _tell(folder, found)
    if not parted:
        asides().print(
            "note: the data have no split column, so that all were taken for training images",
            soft_wrap=True,
        )


def _drawn(bundle: Bundle, data: Path, part: str, count: int, seed: int) -> NDArray[np.float32]:
    """Draw images of a part, (N, 1, S, S) in [0, 1]."""
    from leanlung.foundations.seeds import Seeds
    from leanlung.pixels import unit_range
    from leanlung.runs.bundle_images import decoded, studies_of_part

    studies = studies_of_part(bundle, data, part)
    order = Seeds(seed).generator("calibration", part).permutation(len(studies))[:count]
    images = decoded(bundle, [studies[place] for place in sorted(order.tolist())])
    found: NDArray[np.float32] = unit_range(images.take(range(len(images)))).numpy()
    return found


def _tell(folder: Path, found: Quantised) -> None:
    console = answers()
    console.print(
        f"{folder}: model.onnx of {found.bytes:,} bytes in eight bits, {found.float_bytes:,} "
        f"in float32 ({found.bytes / found.float_bytes:.3f} of it)"
    )
    console.print(f"on the calibration images: {_changed(found.calibration)}")
    if found.others is not None:
        console.print(f"on validation images: {_changed(found.others)}")
    console.print(
        f"one image in ONNX Runtime, {found.threads} threads: {found.latency.sentence()}"
    )
    console.print("for a verdict: leanlung compare BUNDLE THIS --data, on other patients")


def _changed(change: Change) -> str:
    return (
        f"a probability changes by at most {change.largest:.4f}, {change.mean:.5f} in the "
        f"mean; {change.flips} of {change.images} images get another class"
    )
