"""``leanlung export``: a bundle for another runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leanlung.cli.speaking import answer_json, answers


def export(
    bundle: Annotated[Path, typer.Argument(help="Folder of a bundle.")],
    to: Annotated[str, typer.Option(help="onnx.")] = "onnx",
    out: Annotated[
        Path | None, typer.Option(help="The file; model.onnx in the bundle if not given.")
    ] = None,
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
