"""A bundle: a classifier as a folder, with everything needed to use it and nothing else.

config.json         architecture, widths, classes, preprocessing
model.safetensors   weights
metrics.json        what was measured
README.md           the model card
"""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from leanlung import __version__
from leanlung.exports.card import model_card
from leanlung.foundations import fingerprints
from leanlung.foundations.errors import BundleError, LeanlungError, PixelError
from leanlung.foundations.files import write_json, write_text
from leanlung.networks.spec import NetworkSpec
from leanlung.networks.storage import restore, store
from leanlung.pixels import PixelSpec, PixelStatistics

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from leanlung.networks import Classifier

FORMAT = 1
CONFIG, WEIGHTS, METRICS, CARD = "config.json", "model.safetensors", "metrics.json", "README.md"


@dataclass(frozen=True)
class Bundle:
    """A classifier that can be used.

    Attributes:
        name: Of the model.
        network: In evaluation mode.
        spec: What the network was built from.
        classes: Names of its outputs.
        pixels: How images are prepared for it.
        statistics: How they are standardised.
        made_up: Whether it was trained on phantoms.
        history: How it came about, one entry a step.
        metrics: What was measured.
    """

    name: str
    network: Classifier
    spec: NetworkSpec
    classes: tuple[str, ...]
    pixels: PixelSpec
    statistics: PixelStatistics
    made_up: bool = False
    history: tuple[Mapping[str, Any], ...] = ()
    metrics: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def save_bundle(folder: Path, bundle: Bundle) -> None:
    """Write a bundle; a folder of that name is replaced only when all is written.

    Raises:
        StorageError: If the disk is full or the folder cannot be written.
    """
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        store(partial / WEIGHTS, bundle.network)
        config = {
            "format": FORMAT,
            "leanlung": __version__,
            "name": bundle.name,
            "network": bundle.spec.as_dict(),
            "classes": list(bundle.classes),
            "pixels": bundle.pixels.model_dump(),
            "statistics": bundle.statistics.as_dict(),
            "thresholds": {"rule": "highest probability"},
            "made_up": bundle.made_up,
            "history": [dict(entry) for entry in bundle.history],
            "model_sha256": fingerprints.of_file(partial / WEIGHTS),
        }
        write_json(partial / CONFIG, config)
        write_json(partial / METRICS, dict(bundle.metrics))
        write_text(partial / CARD, model_card(config, bundle.metrics))
        shutil.rmtree(folder, ignore_errors=True)
        partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def load_bundle(folder: Path) -> Bundle:
    """Load a bundle: the architecture is built by name, as wide as the bundle says.

    Args:
        folder: That `save_bundle` wrote, wherever it was copied.

    Returns:
        The classifier, bit for bit as it was saved, on the CPU.

    Raises:
        BundleError: If the bundle is incomplete, damaged, or from a newer version.
    """
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        found = int(config["format"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = (
            f"{folder}: no bundle ({error}); a folder with {CONFIG} and {WEIGHTS} was expected"
        )
        raise BundleError(msg) from error
    if found > FORMAT:
        msg = (
            f"{folder}: a bundle of format {found}, made by leanlung {config.get('leanlung')}; "
            f"this is {__version__}, which reads up to format {FORMAT}: upgrade leanlung"
        )
        raise BundleError(msg)
    try:
        if fingerprints.of_file(folder / WEIGHTS) != config["model_sha256"]:
            msg = f"{folder / WEIGHTS}: not the file this bundle was saved with; copy it again"
            raise BundleError(msg)
        spec = NetworkSpec.from_dict(config["network"])
        if spec.classes != len(config["classes"]):
            msg = (
                f"{folder}: a damaged bundle: {len(config['classes'])} classes in {CONFIG} for "
                f"a network of {spec.classes} outputs; copy it again"
            )
            raise BundleError(msg)
        return Bundle(
            name=config["name"],
            network=restore(folder / WEIGHTS, spec),
            spec=spec,
            classes=tuple(config["classes"]),
            pixels=PixelSpec.model_validate(config["pixels"]),
            statistics=_statistics(config["statistics"]),
            made_up=bool(config["made_up"]),
            history=tuple(config["history"]),
            metrics=_metrics(folder),
        )
    except BundleError:
        raise
    except (OSError, KeyError, TypeError, ValueError, LeanlungError) as error:
        msg = f"{folder}: a damaged bundle: {error}"
        raise BundleError(msg) from error


def _statistics(config: Mapping[str, float]) -> PixelStatistics:
    found = PixelStatistics(**{name: float(value) for name, value in config.items()})
    if not (math.isfinite(found.mean) and 0.0 < found.deviation < math.inf):
        msg = f"pixels cannot be standardised by mean {found.mean}, deviation {found.deviation}"
        raise PixelError(msg)
    return found


def _metrics(folder: Path) -> dict[str, Any]:
    path = folder / METRICS
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
