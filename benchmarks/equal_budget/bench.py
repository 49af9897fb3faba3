"""The bench: data, whole networks, and one way of pruning carried out on them."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import torch
from benchmarks.equal_budget.torch_pruning_round import torch_pruning_round
from benchmarks.equal_budget.ways import BUDGETS, LONG

from leanlung.foundations.files import write_json
from leanlung.networks import size_of
from leanlung.pixels import standardise, unit_range
from leanlung.pruning import (
    CRITERIA,
    LowestShare,
    OneShot,
    RandomOrder,
    channel_graph,
    reach,
    recalibrate,
    remove,
    score_units,
    target_parameters,
)
from leanlung.runs.candidates import load_network, save_candidate
from leanlung.runs.folder import RunFolder
from leanlung.runs.gathering import gather
from leanlung.runs.progress import Silent
from leanlung.runs.reading import read_recipe
from leanlung.runs.stages.fitting import fit_whole, whole_spec
from leanlung.runs.work import Work, works_of
from leanlung.training import fit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.equal_budget.ways import Way
    from torch import Tensor, nn

SCORED = 512
"""Training images that units are scored on."""

_BATCH = 32


def set_up(recipe_file: Path, data: Path, out: Path, device: str = "cpu") -> list[Work]:
    """Read and split the data; one work a seed, all on the same split."""
    recipe = read_recipe(recipe_file, ())
    gathered = gather(recipe, data, out, allow=False, progress=Silent())
    folder = RunFolder(out / recipe.name)
    return works_of(recipe, folder, gathered, torch.device(device), Silent(), data)


def whole(work: Work) -> Path:
    """Fit the whole network, once a seed; give its folder."""
    fit_whole(work)
    return work.here.fit(work.recipe.network.backbone)


def control(work: Work) -> None:
    """Train the whole network on for as many steps as pruning gets."""
    folder = work.folder.path / f"seed-{work.seed}" / "control" / "round-1"
    if (folder / "done").is_file():
        return
    network = load_network(whole(work))
    _keep(work, folder, 1, _retrained(work, network, 0.0, sum(LONG), "control"), 0)


def carry_out(work: Work, way: Way, budgets: tuple[float, ...] = BUDGETS) -> list[dict]:
    """Take a whole network through all rounds of a way; rounds that are done are kept."""
    before = whole(work)
    limit = sum(p.numel() for p in load_network(before).parameters())
    found = []
    for number, (budget, epochs) in enumerate(zip(budgets, way.epochs, strict=True), start=1):
        folder = work.folder.path / f"seed-{work.seed}" / way.name / f"round-{number}"
        if not (folder / "done").is_file():
            smaller = _smaller(work, way, load_network(before), budget * limit, number)
            batches = _training_batches(work, SCORED, number)
            recalibrate(smaller, (images for images, _ in batches))
            at_once = work.validate(smaller)["macro_auc"]
            fitted = _retrained(work, smaller, way.distil, epochs, f"round-{number}")
            _keep(work, folder, number, fitted, at_once)
        before = folder
        found.append(json.loads((folder / "done").read_text()))
    return found


def _smaller(work: Work, way: Way, network: nn.Module, limit: float, number: int) -> nn.Module:
    batches = partial(_training_batches, work, SCORED, number)
    example = torch.zeros(1, work.recipe.network.channels, *work.train.images.shape[1:])
    if way.by == "torch_pruning":
        return torch_pruning_round(network, batches(), example, limit, way)
    graph = channel_graph(network, example)
    criterion = (
        RandomOrder(work.seeds("prune", number).number("random"))
        if way.criterion == "random"
        else CRITERIA[way.criterion]()
    )
    scores = score_units(network, graph, batches(), criterion)
    cut = LowestShare(way.scope, OneShot(0.5), normalise=way.normalise)
    found = reach(target_parameters(limit), network, graph, scores, cut)
    return remove(network, graph, found.removal).network


def _retrained(work: Work, network: nn.Module, distil: float, epochs: int, step: str):
    plan = work.recipe.prune.retrain
    told = plan.distil.model_copy(update={"weight": distil})
    plan = plan.model_copy(update={"epochs": epochs, "distil": told})
    return fit(
        network,
        work.train,
        plan=plan,
        statistics=work.statistics,
        channels=work.recipe.network.channels,
        validate=work.validate,
        seeds=work.seeds("prune", step),
        device=work.device,
        teacher=load_network(whole(work)) if distil else None,
    )


def _keep(work: Work, folder: Path, number: int, fitted, at_once: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    save_candidate(folder, number, whole_spec(work.recipe), fitted, work)
    size = size_of(fitted.network, work.recipe.pixels.size, work.recipe.network.channels)
    write_json(
        folder / "done",
        {
            "parameters": size.stored,
            "macs": size.macs,
            "at_once": at_once,
            **work.validate(fitted.network),
        },
    )


def _training_batches(work: Work, images: int, number: int) -> Iterator[tuple[Tensor, Tensor]]:
    order = work.seeds("prune", number).generator("images").permutation(len(work.train))
    for places in torch.from_numpy(order[:images]).split(_BATCH):
        batch = unit_range(work.train.take(places)).to(work.device)
        inputs = standardise(batch, work.statistics, work.recipe.network.channels)
        yield inputs.contiguous(), work.train.labels[places].to(work.device)
