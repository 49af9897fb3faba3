"""Lossless: a bundle without its units that never vary, with a certificate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from leanlung.exports import load_bundle, save_bundle
from leanlung.exports.config import CONFIG
from leanlung.foundations.errors import UsageError
from leanlung.networks import outline, size_of, widths_of
from leanlung.pruning import channel_graph
from leanlung.pruning.exact import remove_constants
from leanlung.pruning.masks import carry_mask, masked_size_of
from leanlung.runs.bundle_images import Batches, bundle_images

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.networks import Classifier, NetworkSpec
    from leanlung.pruning.exact import Certificate

CERTIFICATE = "certificate"
"""Where a bundle's metrics keep it."""


def prune_losslessly(
    bundle: Path, data: Path, out: Path, *, tolerance: float = 1e-5
) -> Certificate:
    """Write a bundle that answers alike with fewer units.

    What was measured of the bundle stays in the new one, as its answers are the same; sizes are
    counted anew.

    Args:
        bundle: To make smaller; not changed.
        data: Images to look at: the training part where the data tell parts, else all of them.
        out: Folder of the new bundle.
        tolerance: Largest relative change of a logit, as in `remove_constants`.

    Returns:
        The certificate, also kept in the new bundle's ``metrics.json``.

    Raises:
        UsageError: If the new bundle would replace the old one, or what is no bundle, or the
            old one answers by a classifier on features.
        BundleError: If there is no sound bundle.
        StudyError: If the data do not fit it.
    """
    require_free(out, bundle)
    old = load_bundle(bundle)
    old.require_gradient("removing constant units")
    batches = Batches(bundle_images(old, data, "train"), old)
    graph = channel_graph(old.network, next(iter(batches))[:1])
    found = remove_constants(old.network, graph, batches, tolerance=tolerance)
    network = cast("Classifier", found.surgery.network)
    spec = spec_of(network, old.spec)
    size = size_of(network, spec.size, spec.channels).as_dict()
    mask = old.mask and carry_mask(old.mask, found.surgery)
    if mask is not None:
        size["masked_bytes"] = masked_size_of(network, mask).masked_bytes
    save_bundle(
        out,
        replace(
            old,
            name=f"{old.name}-lossless",
            network=network,
            spec=spec,
            history=(*old.history, {"step": "prune", "about": _told(found.certificate)}),
            metrics={
                **old.metrics,
                **({"size": size} if "size" in old.metrics else {}),
                CERTIFICATE: found.certificate.as_dict(),
            },
            mask=mask,
        ),
    )
    return found.certificate


def require_free(out: Path, bundle: Path) -> None:
    """Make sure that a new bundle replaces nothing but an older one of its name.

    Raises:
        UsageError: If it would replace the bundle it is made from, or what is no bundle.
    """
    if out.resolve() == bundle.resolve():
        msg = f"{out}: this would replace the bundle itself; choose another --out"
        raise UsageError(msg)
    is_bundle = (out / CONFIG).is_file()
    if not is_bundle and (out.is_file() or (out.is_dir() and any(out.iterdir()))):
        msg = f"{out}: is there and is no bundle, and would be replaced; choose another --out"
        raise UsageError(msg)


def spec_of(network: Classifier, old: NetworkSpec) -> NetworkSpec:
    """Give the specification of a network that surgery has made of another's."""
    whole = replace(old, widths={})
    return replace(whole, widths=widths_of(network, like=outline(whole)))


def _told(certificate: Certificate) -> str:
    left = certificate.zero + certificate.folded + certificate.approximated
    return (
        f"{left} of {certificate.units} units left that never vary over {certificate.images} "
        f"images; no logit changes by more than {certificate.largest_change_float32:.1e}"
    )
