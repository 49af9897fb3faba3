"""Stage 3: prune round by round, every round a step of its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from leanlung.pixels import standardise, unit_range
from leanlung.pruning import CRITERIA, RandomOrder, carry, prune, recalibrate, score_units
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
    from leanlung.pruning.scores import Criterion
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
        images = plan.images or len(work.train)
        batches = _training_batches(work, images, number)
        return score_units(network, graph, batches, _criterion(work))

    def retrain(surgery: Surgery, number: int) -> nn.Module:
        if plan.recalibrate:
            batches = _training_batches(work, plan.recalibrate, number)
            recalibrate(surgery.network, (images for images, _ in batches))
        last = _last_optimiser(work, before, network, number)
        optimiser = last and carry(last, network, surgery)
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
                teacher=_teacher(work),
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
        cut=plan.cut(),
        retrain=retrain,
    )
    if not fitted:  # nothing left in this round; the network is as it was
        last = _last_optimiser(work, before, network, number)
        last = last or optimiser_for(network, plan.retrain.optimiser)
        fitted.append(Fitted(network.eval(), last, (), 0))
    told = {"removed": len(round_.removal), "spared": list(round_.removal.spared)}
    if not round_.removal:
        work.progress.note(f"round {number}: the schedule had nothing to remove")
    save_candidate(folder, number, whole_spec(work.recipe), fitted[0], work, round_.graph, told)


def _teacher(work: Work) -> nn.Module | None:
    """Give the unpruned network, if retraining listens to it."""
    if not work.recipe.prune.retrain.distil.weight:
        return None
    return load_network(work.here.fit(work.recipe.network.backbone))


def _criterion(work: Work) -> Criterion:
    """Make the recipe's criterion; a random one draws from the seed, alike in all rounds."""
    name = work.recipe.prune.criterion
    if name == "random":
        return RandomOrder(work.seeds("prune").number("random"))
    return CRITERIA[name]()


def _last_optimiser(
    work: Work, before: Path, network: nn.Module, number: int
) -> Optimizer | None:
    """Give the optimiser as the step before left it; None if this round starts a fresh one."""
    plan = work.recipe.prune
    last = work.recipe.train.optimiser if number == 1 else plan.retrain.optimiser
    if plan.optimiser == "fresh" or last.kind != plan.retrain.optimiser.kind:
        return None
    optimiser = optimiser_for(network, plan.retrain.optimiser)
    load_optimiser(before, network, optimiser)
    return optimiser


def _training_batches(work: Work, images: int, number: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Give standardised training images, as they are, with labels, in an order of their own."""
    order = work.seeds("prune", number).generator("images").permutation(len(work.train))
    for places in torch.from_numpy(order[:images]).split(_BATCH):
        batch = unit_range(work.train.take(places)).to(work.device)
        inputs = standardise(batch, work.statistics, work.recipe.network.channels)
        yield inputs.contiguous(), work.train.labels[places]
