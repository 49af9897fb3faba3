"""The stages before the ensembles: pre-train, choose the networks, fit and prune."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from leanlung.foundations.files import write_json
from leanlung.reports.settings import as_toml
from leanlung.runs.run import carry_out
from leanlung.runs.series.carrying import carry
from leanlung.runs.series.children import fine_tuning, pretraining
from leanlung.runs.series.recipe import PRETRAIN
from leanlung.runs.series.top import choose_top
from leanlung.runs.starting import chosen_folder

if TYPE_CHECKING:
    from leanlung.runs.recipe import Recipe
    from leanlung.runs.series.carrying import Carrying
    from leanlung.runs.series.children import Child


def pretrain(now: Carrying) -> None:
    """Let every network learn what all networks learn first, up to its choice."""
    for network in now.series.network:
        carry(now, pretraining(now.series, network.name, now.there), "choose")


def choose_networks(now: Carrying) -> tuple[str, ...]:
    """Choose which networks go on, and write it down."""
    seed = now.series.seed
    candidates = {
        network: chosen_folder(folder, seed)
        for (stage, network), folder in now.runs.items()
        if stage == PRETRAIN
    }
    found = choose_top(now.series.top, candidates)
    write_json(now.folder.top, found)
    now.progress.note(f"going on: {', '.join(found['chosen'])} ({found['reason']})")
    return tuple(found["chosen"])


def tune(now: Carrying, top: tuple[str, ...]) -> None:
    """Fit every network that goes on to every task, prune it, and choose; no test image."""
    for task in now.series.task:
        for network in top:
            begun = now.runs[PRETRAIN, network].path.relative_to(now.folder.path)
            child = fine_tuning(now.series, task, network, now.there, begun.as_posix())
            _share_fit(now, child)
            carry(now, child, "choose")


def _share_fit(now: Carrying, child: Child) -> None:
    """Take over the whole network where an earlier task fitted the very same one."""
    folder = carry_out(
        child.recipe,
        as_toml(child.recipe.model_dump(mode="json")),
        now.options_of(child, "data"),
        now.progress,
        now.stages[child.stage],
    )
    own = folder.seed(now.series.seed).fit(child.recipe.network.backbone)
    for (stage, network), earlier in now.children.items():
        same = network == child.network and stage not in {PRETRAIN, child.stage}
        if same and not own.exists() and _alike(earlier.recipe, child.recipe):
            seed = now.runs[stage, network].seed(now.series.seed)
            shutil.copytree(seed.fit(earlier.recipe.network.backbone), own)
            return


def _alike(one: Recipe, other: Recipe) -> bool:
    keys = ("data", "split", "pixels", "network", "train", "seeds")
    return all(getattr(one, key) == getattr(other, key) for key in keys)
