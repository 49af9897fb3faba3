"""Storage: the bytes that the networks of a run take in every form, for its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning.masks import storage_forms, wrapped_counts, zeros_of
from leanlung.runs.candidates import load_masked

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import nn

    from leanlung.pruning.masks import WeightMask
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


def _told(network: nn.Module, mask: WeightMask | None) -> dict[str, Any]:
    zeros = zeros_of(network, mask)
    try:
        counts = wrapped_counts(network)
    except SurgeryError:
        wrapped = None
    else:
        wrapped = counts.as_dict() | {"sentence": counts.sentence()}
    forms = storage_forms(network, mask, gzipped=False)
    return {
        "forms": [one.as_dict() for one in forms],
        "weights": zeros.weights,
        "nonzero": zeros.nonzero,
        "sentence": zeros.sentence(),
        "wrapped": wrapped,
    }
