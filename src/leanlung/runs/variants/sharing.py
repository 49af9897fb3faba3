"""Sharing: what several variants would fit, and take out of it, alike is done once."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from leanlung.foundations import fingerprints
from leanlung.runs.folder import STEP, RunFolder, run_name

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.variants.carrying import Varying


def share_fit(now: Varying, name: str) -> None:
    """Take over the fitted network of an earlier leg that was fitted alike.

    Its step is copied before the run looks for it, and so is, where features are read, the
    removal of units that never vary. The run finds them done if whatever decides them is the
    same, to the last byte, and does anew what is not.
    """
    recipe = now.recipes[name]
    key, backbone = _fitted_alike(now, name), recipe.network.backbone
    here = RunFolder(now.folder.path / name / run_name(recipe, now.gathered[name].fingerprint))
    for earlier, run in now.runs.items():
        if earlier == name or _fitted_alike(now, earlier) != key:
            continue
        for seed in recipe.seeds:
            if _copied(run.seed(seed).fit(backbone), here.seed(seed).fit(backbone)):
                now.progress.note(f"{name}, seed {seed}: fitted as {earlier} is")
            if recipe.features is not None:
                _copied(run.seed(seed).round(backbone, 1), here.seed(seed).round(backbone, 1))


def _copied(source: Path, place: Path) -> bool:
    """Copy a finished step, whole or not at all, to where nothing is yet."""
    if place.exists() or not (source / STEP).is_file():
        return False
    partial = place.with_name(f".{place.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(source, partial)
    partial.rename(place)
    return True


def _fitted_alike(now: Varying, name: str) -> str:
    recipe = now.recipes[name]
    asked = recipe.model_dump(mode="json", include={"pixels", "network", "train"})
    return fingerprints.of_value([asked, now.gathered[name].fingerprint])
