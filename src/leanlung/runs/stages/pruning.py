"""Stage 3: prune round by round, every round a step of its own; or in another way."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from leanlung.pruning import channel_graph
from leanlung.runs.candidates import (
    load_candidate,
    load_graph,
    load_masked,
    load_network,
    load_optimiser,
    save_candidate,
)
from leanlung.runs.folder import CHECKPOINT
from leanlung.runs.rounds import Before, costs_of, prune_round
from leanlung.runs.stages.featuring import choose_features
from leanlung.runs.stages.fitting import as_begun, whole_spec
from leanlung.runs.stages.masking import mask_weights
from leanlung.runs.steps import fingerprint, step
from leanlung.training import fit, optimiser_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import nn
    from torch.optim import Optimizer

    from leanlung.runs.work import Work


def make_smaller(work: Work) -> None:
    """Take the fitted network through all rounds, mask its weights, or choose its features."""
    if work.recipe.features is not None:
        choose_features(work, work.recipe.features)
    elif work.recipe.mask is not None:
        mask_weights(work, work.recipe.mask)
    else:
        prune_rounds(work)


def prune_rounds(work: Work, last: int | None = None) -> None:
    """Take the fitted network through the rounds of the recipe.

    Args:
        work: Of one seed.
        last: Stop after this round; after all if not given.
    """
    rounds = work.recipe.prune.rounds if last is None else last
    recipe = work.recipe
    backbone = recipe.network.backbone
    before = work.here.fit(backbone)
    if recipe.prune.start == "fresh" and rounds:
        before = _fresh(work)
    # What goes in a round follows from the schedule; towards a target, from all rounds.
    exclude = {"rounds"} if recipe.prune.target is None else set()
    with work.progress.task("pruning", rounds) as done:
        for number in range(1, rounds + 1):
            folder = work.here.round(backbone, number)
            inputs = work.inputs(
                before=fingerprint(before),
                prune=recipe.prune.model_dump(exclude=exclude),
                train_optimiser=recipe.train.optimiser.model_dump(),
                round=number,
            )
            step(folder, inputs, partial(_one_round, work, number, before))
            before = folder
            done(number)


def _one_round(work: Work, number: int, before: Path, folder: Path) -> None:
    whole = work.here.fit(work.recipe.network.backbone)
    plan = work.recipe.prune
    network = load_masked(before)[0].to(work.device)
    start = Before(
        network,
        load_graph(before, network, work.material.image),
        whole=load_candidate(whole).size.stored,
        optimiser=_last_optimiser(work, before, network, number),
        teacher=load_network(whole) if plan.retrain.distil.weight else None,
        costs=_costs(work, whole),
    )
    after = prune_round(
        plan,
        work.material,
        start,
        number,
        work.root,
        folder / CHECKPOINT,
        note=work.progress.note,
    )
    if after.idle:
        work.progress.note(f"round {number}: {after.idle}")
    told = {"removed": len(after.removal), "spared": list(after.removal.spared)}
    save_candidate(
        folder, number, whole_spec(work.recipe), after.fitted, work, after.graph, told
    )


def _fresh(work: Work) -> Path:
    """Fit a network with the whole one's first weights for the epochs of one round."""
    recipe = work.recipe
    backbone, retrain = recipe.network.backbone, recipe.prune.retrain
    whole, folder = work.here.fit(backbone), work.here.round(backbone, 0)

    def do(folder: Path) -> None:
        network = as_begun(work)
        fitted = fit(
            network,
            work.train,
            plan=retrain,
            statistics=work.statistics,
            channels=work.material.channels,
            validate=work.validate,
            seeds=work.seeds("fit"),
            device=work.device,
            teacher=load_network(whole) if retrain.distil.weight else None,
            checkpoint=folder / CHECKPOINT,
            note=work.progress.note,
        )
        save_candidate(folder, 0, whole_spec(recipe), fitted, work)

    # The whole network's weights tell where both begin.
    inputs = work.inputs(before=fingerprint(whole), retrain=retrain.model_dump())
    step(folder, inputs, do)
    return folder


def _costs(work: Work, whole: Path) -> Mapping[str, float] | None:
    """Give what a unit of each layer of the whole network costs, if the recipe asks."""
    plan, image = work.recipe.prune, work.material.image
    if plan.costs == "none":
        return None
    network = load_network(whole).to(work.device)
    return costs_of(plan, network, channel_graph(network, image), image)


def _last_optimiser(
    work: Work, before: Path, network: nn.Module, number: int
) -> Optimizer | None:
    """Give the optimiser as the step before left it; None if this round starts a fresh one."""
    plan = work.recipe.prune
    fitted = number == 1 and plan.start == "fitted"
    last = work.recipe.train.optimiser if fitted else plan.retrain.optimiser
    if plan.optimiser == "fresh" or last.kind != plan.retrain.optimiser.kind:
        return None
    optimiser = optimiser_for(network, plan.retrain.optimiser)
    load_optimiser(before, network, optimiser)
    return optimiser
