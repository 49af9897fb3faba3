"""Stage 3: prune round by round, every round a step of its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from leanlung.pixels import standardise, unit_range
from leanlung.pruning import CRITERIA, LowestShare, carry, prune, recalibrate, score_activations
from leanlung.runs.candidates import load_graph, load_network, load_optimiser, save_candidate
from leanlung.runs.folder import CHECKPOINT
from leanlung.runs.stages.fitting import whole_spec
from leanlung.runs.steps import fingerprint, step
from leanlung.training import Fitted, fit, optimiser_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torch import Tensor, nn
    from torch.optim import Optimizer

    from leanlung.pruning import ChannelGraph, Surgery, UnitScores
    from leanlung.runs.work import Work

_BATCH = 32


def prune_rounds(work: Work) -> None:
    """Take the fitted network through all rounds of the recipe."""
    recipe = work.recipe
    backbone = recipe.network.backbone
    before = work.here.fit(backbone)
    with work.progress.task("pruning", recipe.prune.rounds) as done:
        for number in range(1, recipe.prune.rounds + 1):
            folder = work.here.round(backbone, number)
            inputs = work.inputs(
                before=fingerprint(before),
                prune=recipe.prune.model_dump(exclude={"rounds"}),
                train_optimiser=recipe.train.optimiser.model_dump(),
                round=number,
            )
            step(folder, inputs, partial(_one_round, work, number, before))
            before = folder
            done(number)


def _one_round(work: Work, number: int, before: Path, folder: Path) -> None:
    plan = work.recipe.prune
    network = load_network(before).to(work.device)
    example = torch.zeros(1, work.recipe.network.channels, *work.train.images.shape[1:])
    graph = load_graph(before, network, example.to(work.device))
    fitted: list[Fitted] = []

    def score(network: nn.Module, graph: ChannelGraph) -> UnitScores:
        criterion = CRITERIA[plan.criterion]()
        images = plan.images or len(work.train)
        batches = _training_batches(work, images, number)
        return score_activations(network, graph, batches, [criterion])[plan.criterion]

    def retrain(surgery: Surgery, number: int) -> nn.Module:
        if plan.recalibrate:
            recalibrate(surgery.network, _training_batches(work, plan.recalibrate, number))
        optimiser = _carried(work, before, network, surgery, number)
        fitted.append(
            fit(
                surgery.network,
                work.train,
                plan=plan.retrain,
                statistics=work.statistics,
                channels=work.recipe.network.channels,
                validate=work.validate,
                seeds=work.seeds("prune", number),
                device=work.device,
                optimiser=optimiser,
                checkpoint=folder / CHECKPOINT,
            )
        )
        return fitted[0].network

    (round_,) = prune(
        network,
        graph,
        rounds=number,
        first=number,
        score=score,
        cut=LowestShare(plan.scope, plan.schedule.build(), plan.minimum),
        retrain=retrain,
    )
    if not fitted:  # nothing left in this round; the network is as it was
        optimiser = optimiser_for(network, plan.retrain.optimiser)
        fitted.append(Fitted(network.eval(), optimiser, (), 0))
    told = {"removed": len(round_.removal), "spared": list(round_.removal.spared)}
    if not round_.removal:
        work.progress.note(f"round {number}: the schedule had nothing to remove")
    save_candidate(folder, number, whole_spec(work), fitted[0], work, round_.graph, told)


def _carried(
    work: Work, before: Path, network: nn.Module, surgery: Surgery, number: int
) -> Optimizer | None:
    """Carry the optimiser through surgery, if the recipe says so and it stays the same kind."""
    plan = work.recipe.prune
    last = work.recipe.train.optimiser if number == 1 else plan.retrain.optimiser
    if plan.optimiser == "fresh" or last.kind != plan.retrain.optimiser.kind:
        return None
    optimiser = optimiser_for(network, plan.retrain.optimiser)
    load_optimiser(before, network, optimiser)
    return carry(optimiser, network, surgery)


def _training_batches(work: Work, images: int, number: int) -> Iterator[Tensor]:
    """Give standardised training images, as they are, in an order of their own."""
    order = work.seeds("prune", number).generator("images").permutation(len(work.train))
    for places in torch.from_numpy(order[:images]).split(_BATCH):
        batch = unit_range(work.train.take(places)).to(work.device)
        yield standardise(batch, work.statistics, work.recipe.network.channels).contiguous()
