"""Parts of a bundle: each is written beside its config, and read back or refused."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from leanlung.foundations import fingerprints
from leanlung.foundations.errors import BundleError, PixelError
from leanlung.lungs.segmenter import load_segmenter
from leanlung.networks.storage import restore, store
from leanlung.pixels import PixelStatistics

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from leanlung.exports.bundle import Bundle
    from leanlung.features import FeatureClassifier
    from leanlung.lungs import Segmenter
    from leanlung.networks import Classifier, NetworkSpec
    from leanlung.pruning.masks import WeightMask

LUNGS, CLASSIFIER = "lungs", "classifier"
CLASSIFIER_FILE = "classifier.skops"


def lungs_entry(bundle: Bundle) -> dict[str, str]:
    """Give what the config tells of the segmenter, if there is one."""
    return {LUNGS: bundle.segmenter.fingerprint} if bundle.segmenter is not None else {}


def segmenter_of(folder: Path, config: Mapping[str, Any]) -> Segmenter | None:
    """Read the segmenter of a bundle, if it has one.

    Raises:
        BundleError: If it is another one than the config tells of.
    """
    if LUNGS not in config:
        return None
    segmenter = load_segmenter(folder / LUNGS)
    if segmenter.fingerprint != config[LUNGS]:
        msg = f"{folder / LUNGS}: not the segmenter this bundle was saved with; copy it again"
        raise BundleError(msg)
    return segmenter


def keep_classifier(path: Path, bundle: Bundle) -> dict[str, Any]:
    """Write the classifier on features; give what the config tells of it, if there is one."""
    if bundle.classifier is None:
        return {}
    from leanlung.features import store_classifier

    stored = store_classifier(path, bundle.classifier)
    told = {
        **bundle.classifier.describe(),
        "bytes": stored,
        "columns": list(bundle.columns),
        "sha256": fingerprints.of_file(path),
    }
    return {CLASSIFIER: told}


def classifier_of(
    folder: Path, config: Mapping[str, Any], spec: NetworkSpec
) -> tuple[FeatureClassifier | None, tuple[int, ...]]:
    """Read the classifier on features and the columns it reads, if a bundle has one.

    Raises:
        BundleError: If it is another one than the config tells of, or of another network.
    """
    if CLASSIFIER not in config:
        if spec.output == "features":
            msg = f"{folder}: a damaged bundle: its network gives features that nothing reads"
            raise BundleError(msg)
        return None, ()
    from leanlung.features import restore_classifier

    told, path = config[CLASSIFIER], folder / CLASSIFIER_FILE
    if fingerprints.of_file(path) != told["sha256"]:
        msg = f"{path}: not the file this bundle was saved with; copy it again"
        raise BundleError(msg)
    found, columns = restore_classifier(path), tuple(int(one) for one in told["columns"])
    if found.classes != spec.classes or found.features != len(columns):
        msg = (
            f"{path}: tells {found.classes} classes apart by {found.features} features; "
            f"{spec.classes} by {len(columns)} were expected: copy the bundle again"
        )
        raise BundleError(msg)
    return found, columns


def keep_weights(path: Path, bundle: Bundle) -> None:
    """Write the weights of a bundle, those under a mask as bits and kept weights."""
    if bundle.mask is None:
        store(path, bundle.network)
        return
    from leanlung.pruning.masks import store_masked  # dense bundles need nothing of that room

    store_masked(path, bundle.network, bundle.mask)


def restored(
    path: Path, spec: NetworkSpec, *, masked: bool
) -> tuple[Classifier, WeightMask | None]:
    """Read the network of a bundle, with its mask if it has one."""
    if not masked:
        return restore(path, spec), None
    from leanlung.pruning.masks import restore_masked

    return restore_masked(path, spec)


def statistics_of(config: Mapping[str, Any]) -> PixelStatistics:
    """Read what images are standardised by.

    Raises:
        PixelError: If nothing can be.
    """
    given = config["mean"]
    mean = tuple(map(float, given)) if isinstance(given, list) else float(given)
    found = PixelStatistics(mean, float(config["deviation"]))
    means = mean if isinstance(mean, tuple) else (mean,)
    if not (all(map(math.isfinite, means)) and 0.0 < found.deviation < math.inf):
        msg = f"pixels cannot be standardised by mean {found.mean}, deviation {found.deviation}"
        raise PixelError(msg)
    return found
