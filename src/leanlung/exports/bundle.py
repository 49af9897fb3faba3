"""A bundle: a classifier as a folder, with everything needed to use it and nothing else.

config.json         architecture, widths, classes, preprocessing, temperature, thresholds
model.safetensors   weights; of a masked network, one bit a weight and the weights that are kept
classifier.skops    what reads the network's features, where it gives no logits of its own
lungs/              the segmenter whose masks images are cropped by, where there is one
metrics.json        what was measured
README.md           the model card
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from leanlung import __version__
from leanlung.exports.card import model_card
from leanlung.exports.config import (
    CARD,
    CONFIG,
    ENSEMBLE,
    METRICS,
    ONNX,
    WEIGHTS,
    read_config,
    read_metrics,
    readout_entries,
    readout_of,
    require_file,
    require_format,
    undamaged,
)
from leanlung.exports.parts import (
    CLASSIFIER_FILE,
    LUNGS,
    classifier_of,
    keep_classifier,
    keep_weights,
    lungs_entry,
    restored,
    segmenter_of,
    statistics_of,
)
from leanlung.foundations import fingerprints
from leanlung.foundations.errors import BundleError, UsageError
from leanlung.foundations.files import replacing_folder, write_json, write_text
from leanlung.lungs.segmenter import save_segmenter
from leanlung.networks.spec import NetworkSpec
from leanlung.pixels import PixelSpec, PixelStatistics

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import nn

    from leanlung.features import FeatureClassifier
    from leanlung.lungs import Segmenter
    from leanlung.networks import Classifier
    from leanlung.pruning.masks import WeightMask
    from leanlung.statistics.readout import Readout

FORMAT = 4
MASKED_SINCE, LUNGS_SINCE, FEATURES_SINCE = 2, 3, 4
"""Others are written in format 1, which every version reads."""


@dataclass(frozen=True)
class Bundle:
    """A classifier that can be used.

    Attributes:
        name: Of the model.
        network: In evaluation mode; gives logits, or features where there is a classifier.
        spec: What the network was built from.
        classes: Names of its outputs.
        pixels: How images are prepared for it.
        statistics: How they are standardised.
        made_up: Whether it was trained on phantoms.
        history: How it came about, one entry a step.
        metrics: What was measured.
        mask: Which weights are held at zero, if any are; in force in the network.
        readout: How its probabilities are to be read, fixed on the validation part.
        segmenter: That finds the lungs images are cropped to, if one does.
        classifier: Reads the network's features, if they are read by something else than a
            last layer.
        columns: Features of the network that it reads, in its order.
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
    mask: WeightMask | None = field(default=None, compare=False)
    readout: Readout | None = None
    segmenter: Segmenter | None = field(default=None, compare=False)
    classifier: FeatureClassifier | None = field(default=None, compare=False)
    columns: tuple[int, ...] = ()

    @property
    def answering(self) -> nn.Module:
        """What turns standardised images into logits: the network, with its classifier."""
        if self.classifier is None:
            return self.network
        from leanlung.features import FeatureReader  # other bundles need nothing of that room

        return FeatureReader(self.network, self.classifier, self.columns).eval()

    def require_gradient(self, what: str) -> None:
        """Refuse what needs gradients, or a network that answers by itself.

        Args:
            what: Cannot be done; begins the message.

        Raises:
            UsageError: If a classifier reads the network's features.
        """
        if self.classifier is not None:
            msg = (
                f"{what}: {self.name} answers by a {self.classifier.kind} on its network's "
                "features, which has no gradient and no units; give the bundle of a network "
                "that answers by itself"
            )
            raise UsageError(msg)


def save_bundle(folder: Path, bundle: Bundle) -> None:
    """Write a bundle; a folder of that name is replaced only when all is written.

    Raises:
        StorageError: If the disk is full or the folder cannot be written.
        SurgeryError: If the bundle's mask is not in force in its network.
    """
    with replacing_folder(folder) as partial:
        keep_weights(partial / WEIGHTS, bundle)
        if bundle.segmenter is not None:
            save_segmenter(partial / LUNGS, bundle.segmenter)
        reads = keep_classifier(partial / CLASSIFIER_FILE, bundle)
        config = {
            "format": _format(bundle),
            "leanlung": __version__,
            "name": bundle.name,
            "network": bundle.spec.as_dict(),
            "classes": list(bundle.classes),
            "pixels": bundle.pixels.model_dump(),
            "statistics": bundle.statistics.as_dict(),
            **readout_entries(bundle.readout),
            "made_up": bundle.made_up,
            "masked": bundle.mask is not None,
            **lungs_entry(bundle),
            **reads,
            "history": [dict(entry) for entry in bundle.history],
            "model_sha256": fingerprints.of_file(partial / WEIGHTS),
        }
        write_json(partial / CONFIG, config)
        write_json(partial / METRICS, dict(bundle.metrics))
        write_text(partial / CARD, model_card(config, bundle.metrics))


def load_bundle(folder: Path) -> Bundle:
    """Load a bundle: the architecture is built by name, as wide as the bundle says.

    Args:
        folder: That `save_bundle` wrote, wherever it was copied.

    Returns:
        The classifier, bit for bit as it was saved, on the CPU.

    Raises:
        BundleError: If the bundle is incomplete, damaged, or from a newer version.
        UsageError: If it is an ensemble, of which only a member can be taken here, or an ONNX
            file.
    """
    config = read_config(folder)
    _require_one(folder, config)
    require_format(folder, config, "a bundle", FORMAT)
    with undamaged(folder, "bundle"):
        require_file(folder / WEIGHTS, config["model_sha256"], "bundle")
        spec = NetworkSpec.from_dict(config["network"])
        if spec.classes != len(config["classes"]):
            msg = (
                f"{folder}: a damaged bundle: {len(config['classes'])} classes in {CONFIG} for "
                f"a network of {spec.classes} outputs; copy it again"
            )
            raise BundleError(msg)
        network, mask = restored(folder / WEIGHTS, spec, masked=bool(config.get("masked")))
        classifier, columns = classifier_of(folder, config, spec)
        return Bundle(
            name=config["name"],
            network=network,
            spec=spec,
            classes=tuple(config["classes"]),
            pixels=PixelSpec.model_validate(config["pixels"]),
            statistics=statistics_of(config["statistics"]),
            made_up=bool(config["made_up"]),
            history=tuple(config["history"]),
            metrics=read_metrics(folder),
            mask=mask,
            readout=readout_of(config),
            segmenter=segmenter_of(folder, config),
            classifier=classifier,
            columns=columns,
        )


def _require_one(folder: Path, config: Mapping[str, Any]) -> None:
    if config.get("kind") == ONNX:
        msg = (
            f"{folder}: an ONNX file with what it takes to answer, where a network is "
            "expected; predict and compare take it, all else takes the bundle it is of"
        )
        raise UsageError(msg)
    if config.get("kind") == ENSEMBLE:
        members = sorted(path.parent for path in folder.glob(f"members/*/{CONFIG}"))
        msg = (
            f"{folder}: an ensemble, where one network is expected; give one of its members: "
            f"{', '.join(map(str, members))}"
        )
        raise UsageError(msg)


def _format(bundle: Bundle) -> int:
    """Give the oldest format that says all there is to say."""
    further = bundle.classifier, bundle.statistics.channels, bundle.pixels.clahe
    if any(one is not None for one in further):
        return FEATURES_SINCE
    if bundle.segmenter is not None or bundle.pixels.outside != "keep":
        return LUNGS_SINCE
    return 1 if bundle.mask is None else MASKED_SINCE
