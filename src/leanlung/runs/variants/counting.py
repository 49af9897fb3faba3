"""Count: how many images it takes to find the units of a variant that never vary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.runs.external_models import models_of
from leanlung.runs.steps import fingerprint, step
from leanlung.runs.variance import bundle_variance

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.variants.carrying import Varying


def count_images(now: Varying) -> None:
    """Remove units found constant on ever more training films, and measure on validation.

    The fitted network of the first seed, and fold, is looked at; nothing of the test part is.

    Source: García-Ramírez et al. 2023, figure 4.
    """
    section = now.paper.images
    if section is None:
        return
    name = section.variant or now.variants[0]
    if not now.legs(name):
        return
    first = now.legs(name)[0]
    run, recipe = now.runs[first], now.recipes[first]
    parts = now.gathered[first].parts.values()
    films = sum(part == "train" for part in parts)
    counts = [one for one in section.counts if one < films]
    inputs: dict[str, Any] = {
        "counts": [*counts, films],
        "fitted": fingerprint(run.seed(recipe.seeds[0]).fit(recipe.network.backbone)),
        "variant": name,
        "metric": recipe.choose.metric,
    }

    def do(here: Path) -> None:
        whole = models_of(run.path).models[0].bundle
        now.progress.note(f"how many images a removal takes: {name}")
        bundle_variance(
            whole,
            run.cohort,
            here,
            now.progress,
            counts=[*counts, films],
            metric=recipe.choose.metric,
        )

    step(now.folder.images, inputs, do)
