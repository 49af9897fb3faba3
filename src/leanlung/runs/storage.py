"""Storage: the bytes that networks take in every form, what is no compression, and the time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from leanlung.foundations.errors import SurgeryError
from leanlung.networks import build, size_of
from leanlung.pruning.masks import storage_forms, wrapped_counts, zeros_of
from leanlung.pruning.race import race
from leanlung.runs.candidates import load_masked

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import nn

    from leanlung.exports import Bundle
    from leanlung.pruning.masks import WeightMask
    from leanlung.pruning.race import Race
    from leanlung.runs.recipe import Recipe

FORMS = "storage"
"""Key of the forms, beside a network's size."""

LARGEST = 50_000_000
"""Parameters of a network up to which a run writes all forms; beyond, they would take some
gigabytes of memory, and ``leanlung sizes`` writes them for who asks."""


def forms_of(recipe: Recipe, candidates: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """Write networks in every form, without gzip, and tell the bytes.

    Args:
        recipe: Of a run; one that neither masks nor prunes, or that reads features, tells of no
            forms.
        candidates: Folders by name, the unpruned one among them.

    Returns:
        By name ``forms`` (as `StorageForm.as_dict`), ``weights``, ``nonzero``, ``sentence`` and
        ``wrapped`` (None where the network cannot be traced); empty where there is nothing to
        tell, or a network is larger than `LARGEST`.
    """
    if recipe.features is not None or not (recipe.mask or recipe.prune.rounds):
        return {}
    found = {name: load_masked(folder) for name, folder in candidates.items()}
    largest = max(sum(p.numel() for p in network.parameters()) for network, _ in found.values())
    if largest > LARGEST:
        return {}
    return {name: _told(network, mask) for name, (network, mask) in found.items()}


def stored(bundle: Bundle, *, gzipped: bool, rounds: int | None = None) -> dict[str, Any]:
    """Write the network of a bundle in every form, beside the whole one of its architecture.

    Args:
        bundle: Pruned, masked or neither.
        gzipped: Whether forms are packed with gzip too, which takes a while.
        rounds: How often one image is timed through both on the CPU, in turn; None for never.

    Returns:
        Counts of parameters, MACs and kernel weights, ``forms`` (as `StorageForm.as_dict`),
        ``wrapped`` (None where the network cannot be traced), and ``latency`` as `Race.as_dict`
        (None where nothing was timed) with the number of ``threads``.
    """
    whole = build(replace(bundle.spec, widths={})).eval()
    narrower = bool(bundle.spec.widths)
    told = _told(bundle.network, bundle.mask, whole if narrower else None, gzipped=gzipped)
    size, before = (
        size_of(each, bundle.spec.size, bundle.spec.channels)
        for each in (bundle.network, whole)
    )
    raced = None if rounds is None else _raced(bundle, whole, rounds)
    return {
        "masked": bundle.mask is not None,
        "narrower": narrower,
        "parameters": size.stored,
        "parameters_whole": before.stored,
        "macs": size.macs,
        "macs_whole": before.macs,
        "kernel_weights": told["weights"],
        "nonzero_kernel_weights": told["nonzero"],
        "forms": told["forms"],
        "sentence": told["sentence"],
        "wrapped": told["wrapped"],
        "latency": None if raced is None else raced.as_dict(),
        "latency_sentence": "" if raced is None else raced.sentence(),
        "threads": torch.get_num_threads(),
    }


def _told(
    network: nn.Module,
    mask: WeightMask | None,
    whole: nn.Module | None = None,
    *,
    gzipped: bool = False,
) -> dict[str, Any]:
    zeros = zeros_of(network, mask)
    try:
        counts = wrapped_counts(network)
    except SurgeryError:
        wrapped = None
    else:
        wrapped = counts.as_dict() | {"sentence": counts.sentence()}
    forms = storage_forms(network, mask, whole=whole, gzipped=gzipped)
    return {
        "forms": [one.as_dict() for one in forms],
        "weights": zeros.weights,
        "nonzero": zeros.nonzero,
        "sentence": zeros.sentence(),
        "wrapped": wrapped,
    }


def _raced(bundle: Bundle, whole: nn.Module, rounds: int) -> Race:
    image = torch.rand(1, bundle.spec.channels, bundle.spec.size, bundle.spec.size)
    network = bundle.network.eval()
    with torch.no_grad():
        return race(lambda: whole(image), lambda: network(image), rounds=rounds)
