"""An ONNX folder: an exported file with what it takes to answer images in place of a bundle.

config.json   of the bundle it is of, with ``kind`` onnx and what quantising changed
model.onnx    from prepared images in [0, 1] to logits, standardisation included
lungs/        the segmenter whose masks images are cropped by, where there is one
README.md     what it is, and what it is not for
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from leanlung import __version__
from leanlung.exports.bundle import Bundle
from leanlung.exports.config import (
    CARD,
    CONFIG,
    ONNX,
    read_config,
    readout_entries,
    readout_of,
    require_file,
    require_format,
    undamaged,
)
from leanlung.exports.int8 import export_int8
from leanlung.exports.onnx_session import logits_of, session_of
from leanlung.exports.parts import LUNGS, lungs_entry, segmenter_of
from leanlung.foundations import fingerprints
from leanlung.foundations.errors import BundleError
from leanlung.foundations.files import replacing_folder, write_json, write_text
from leanlung.lungs.segmenter import save_segmenter
from leanlung.networks.spec import NetworkSpec
from leanlung.pixels import PixelSpec, PixelStatistics

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray
    from onnxruntime import InferenceSession

    from leanlung.exports.int8 import Quantised
    from leanlung.networks import Classifier

    Images = NDArray[np.float32]

FORMAT = 4
"""Versions that read no such folder say that it is of a newer one."""
MODEL = "model.onnx"


class OnnxNetwork(nn.Module):
    """A network that ONNX Runtime computes; it has no weights and no gradients here."""

    def __init__(self, session: InferenceSession) -> None:
        super().__init__()
        self._session = session

    def forward(self, images: Tensor) -> Tensor:
        """Give logits, (N, K), for (N, 1, S, S) in [0, 1]."""
        logits = logits_of(self._session, images.detach().cpu().numpy().astype(np.float32))
        return torch.from_numpy(logits).to(images.device)


def save_int8(
    folder: Path,
    bundle: Bundle,
    calibration: Iterable[Images],
    others: Iterable[Images] = (),
    *,
    threads: int = 1,
    rounds: int = 30,
) -> Quantised:
    """Write a bundle in eight bits, as a folder that answers in its place.

    Args:
        folder: Replaced only when all is written.
        bundle: As for `export_int8`, and so is all else.
        calibration: Of training images.
        others: Of other images.
        threads: For the times.
        rounds: For the times.

    Returns:
        As `export_int8`.

    Raises:
        UsageError: As `export_int8`.
        BundleError: As `export_int8`.
        StorageError: If the disk is full or the folder cannot be written.
    """
    with replacing_folder(folder) as partial:
        found = export_int8(
            bundle, partial / MODEL, calibration, others, threads=threads, rounds=rounds
        )
        if bundle.segmenter is not None:
            save_segmenter(partial / LUNGS, bundle.segmenter)
        step = {"step": "int8", "about": f"calibrated on {found.calibration.images} images"}
        config = {
            "kind": ONNX,
            "format": FORMAT,
            "leanlung": __version__,
            "name": f"{bundle.name} int8",
            "network": bundle.spec.as_dict(),
            "classes": list(bundle.classes),
            "pixels": bundle.pixels.model_dump(),
            **readout_entries(bundle.readout),
            "made_up": bundle.made_up,
            **lungs_entry(bundle),
            "history": [*(dict(entry) for entry in bundle.history), step],
            "quantised": found.as_dict(),
            "model_sha256": fingerprints.of_file(partial / MODEL),
        }
        write_json(partial / CONFIG, config)
        write_text(partial / CARD, _card(config, found))
    return found


def load_onnx(folder: Path) -> Bundle:
    """Load an ONNX folder as a bundle that can answer and do nothing else.

    Args:
        folder: That `save_int8` wrote, wherever it was copied.

    Returns:
        A bundle whose network runs in ONNX Runtime on the CPU. Its statistics change nothing,
        and its input has one channel, since the file standardises and repeats by itself.

    Raises:
        BundleError: If it is no such folder, incomplete, damaged, or from a newer version.
        UsageError: If ONNX Runtime is missing.
    """
    config = read_config(folder)
    if config.get("kind") != ONNX:
        msg = f"{folder}: no ONNX file with its config; load_bundle reads bundles"
        raise BundleError(msg)
    require_format(folder, config, "an ONNX folder", FORMAT)
    with undamaged(folder, "ONNX folder"):
        require_file(folder / MODEL, config["model_sha256"], "folder")
    session = session_of(folder / MODEL)  # says itself what is wrong, and what is not installed
    with undamaged(folder, "ONNX folder"):
        return Bundle(
            name=config["name"],
            network=cast("Classifier", OnnxNetwork(session)),
            spec=replace(NetworkSpec.from_dict(config["network"]), channels=1),
            classes=tuple(config["classes"]),
            pixels=PixelSpec.model_validate(config["pixels"]),
            statistics=PixelStatistics(mean=0.0, deviation=1.0),
            made_up=bool(config["made_up"]),
            history=tuple(config["history"]),
            readout=readout_of(config),
            segmenter=segmenter_of(folder, config),
        )


def _card(config: dict[str, Any], found: Quantised) -> str:
    known = found.calibration
    made_up = ["", "Trained on made-up images."] if config["made_up"] else []
    lines = [
        f"# {config['name']}",
        "",
        "**For research only.** Not a medical device; no answer may decide about a patient.",
        "",
        f"Classes: {', '.join(config['classes'])}. A bundle in eight bits, as an ONNX file of",
        f"{found.bytes:,} bytes ({found.float_bytes:,} in float32).",
        "",
        f"Calibrated on {known.images} training images. On these a probability changes by",
        f"{known.largest:.4f} at most and {known.mean:.5f} in the mean; {known.flips} get",
        "another class. Temperature and thresholds are those of the bundle in float32. What",
        "was measured of that bundle is not known of this file; to know whether it is as good:",
        "`leanlung compare BUNDLE THIS --data MANIFEST`, on other patients.",
        *made_up,
        "",
    ]
    return "\n".join(lines)
