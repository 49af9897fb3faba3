"""Units that never vary: what taking them out came to in a seed, from its certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.runs.candidates import load_candidate
from leanlung.runs.folder import CERTIFICATE
from leanlung.runs.records import read_record

if TYPE_CHECKING:
    from leanlung.runs.folder import RunFolder
    from leanlung.runs.recipe import Recipe

LEFT = ("zero", "folded", "approximated")
"""Kinds of units that left, in a certificate."""


def constants_of(run: RunFolder, recipe: Recipe, seed: int) -> dict[str, Any] | None:
    """Tell which units left a fitted network without a loss, and what its features lost after.

    Args:
        run: With the seed.
        recipe: Of the run.
        seed: One of its seeds.

    Returns:
        ``units`` and how many ``left``, ``parameters`` and their ``share`` of the fitted
        network's, ``images`` looked at, the largest change of a logit relative to the largest
        of its film (``float32``, ``float64``, ``tolerance``), and ``validation``: the metric of
        the choice of the network as ``fitted``, ``without`` constant units, and ``reduced`` to
        the features that were chosen. None for a recipe that reads no features.
    """
    if recipe.features is None:
        return None
    here, backbone = run.seed(seed), recipe.network.backbone
    without = here.round(backbone, 1)
    certificate = read_record(without / CERTIFICATE)
    folders = {
        "fitted": here.fit(backbone), "without": without, "reduced": here.round(backbone, 2),
    }  # fmt: skip
    candidates = {name: load_candidate(folder) for name, folder in folders.items()}
    stored = {name: one.size.stored for name, one in candidates.items()}
    metric = recipe.choose.metric
    return {
        "units": certificate["units"],
        "left": sum(certificate[kind] for kind in LEFT),
        "parameters": stored["without"],
        "share": stored["without"] / stored["fitted"],
        "images": certificate["images"],
        "float32": certificate["largest_change_float32"],
        "float64": certificate["largest_change_float64"],
        "tolerance": certificate["tolerance"],
        "metric": metric,
        "validation": {name: one.validation[metric] for name, one in candidates.items()},
    }
