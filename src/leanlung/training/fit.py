"""Fit a network: one readable loop."""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import torch

from leanlung.foundations.errors import TrainingError
from leanlung.networks import last_layer, logits_by_scale
from leanlung.networks.memory import Portions
from leanlung.pixels import apply, draw, standardise, unit_range
from leanlung.training.balancing import with_smote
from leanlung.training.checkpoint import (
    Pace,
    load_checkpoint,
    restore,
    save_checkpoint,
    snapshot,
)
from leanlung.training.distillation import distilled
from leanlung.training.history import Epoch, best_epoch, rate_of
from leanlung.training.losses import loss_of
from leanlung.training.optimisers import optimiser_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from torch import Tensor, nn
    from torch.optim import Optimizer

    from leanlung.foundations.seeds import Seeds
    from leanlung.pixels import ImageSet, PixelStatistics
    from leanlung.training.balancing import Balance
    from leanlung.training.plan import TrainingPlan


@dataclass(frozen=True)
class Fitted:
    """A network after fitting.

    Attributes:
        network: As it was after its best epoch, or after the last where that was asked for.
        optimiser: As it was then; holds the network's parameters.
        history: All epochs.
        best: Number of the best one.
        balance: What was made up of the training part, if anything was.
    """

    network: nn.Module
    optimiser: Optimizer
    history: tuple[Epoch, ...]
    best: int
    balance: Balance | None = None


def fit(
    network: nn.Module,
    images: ImageSet,
    *,
    plan: TrainingPlan,
    statistics: PixelStatistics,
    channels: int,
    validate: Callable[[nn.Module], Mapping[str, float]],
    seeds: Seeds,
    device: torch.device,
    optimiser: Optimizer | None = None,
    teacher: nn.Module | None = None,
    checkpoint: Path | None = None,
    watch: Callable[[Epoch], None] = lambda _epoch: None,
    note: Callable[[str], None] = lambda _text: None,
    each_step: Callable[[nn.Module, Optimizer, int], None] = lambda *_: None,
    keep: Literal["best", "last"] = "best",
    keep_epoch: Callable[[nn.Module, int], None] | None = None,
) -> Fitted:
    """Fit a network to labelled images, and keep the epoch that validates best.

    Every epoch draws its randomness from its own seed, so that a fit that was killed and goes
    on from its checkpoint ends with the same weights on the same machine.

    A batch for which memory is too short is learnt from in halves, or in halves of these, whose
    gradients add up to its own, and so is every later one. There are as many steps as planned,
    each of as many images. BatchNorm alone sees smaller batches: it normalises by the images of
    a part, and its running statistics move once a part, those that did not fit included.

    Made-up pictures of ``balance = "smote_pixels"`` are drawn from the fit's own seed, and are
    the same when it goes on. Of ``smote_features`` nothing is done here: it follows a fit.

    Args:
        network: Changed in place; moved to the device.
        images: The training part.
        plan: How to fit.
        statistics: To standardise by.
        channels: Of the network's input.
        validate: Metrics on the validation part, of which the plan monitors one.
        seeds: Of this fit.
        device: Where to run.
        optimiser: To go on with, as after surgery; a fresh one if not given.
        teacher: To distil from, if the plan gives it a weight; not changed but for its device
            and its mode.
        checkpoint: File to write after each epoch, and to go on from if it is there.
        watch: Told of every epoch.
        note: Told when memory is too short for a batch.
        each_step: Called before the first step and after every one, with the number of steps
            taken, those before an interruption included; it may change the network.
        keep: ``last`` gives the network back as the last epoch left it, for a fit that is not
            over before: one in which a mask tightens.
        keep_epoch: Called with the network and the number of every epoch that the plan keeps,
            before the checkpoint moves on.

    Returns:
        The best network, or the last, with the history.

    Raises:
        TrainingError: If there are no images, or of one class alone, the plan wants a teacher
            and there is none or keeps epochs that nobody takes, or balances a class of too few
            images, or the loss or the monitored metric is no longer a number, or memory is too
            short for two images.
        NetworkError: If the plan penalises the last linear layer and there is none.
        UsageError: If balancing takes more memory than the plan allows.
    """
    if not len(images):
        msg = "the training part is empty; nothing to fit"
        raise TrainingError(msg)
    if len(images.labels.unique()) < 2:
        msg = (
            f"all {len(images)} images of the training part are of one class; nothing can be "
            "told apart: give images of two classes or more"
        )
        raise TrainingError(msg)
    if plan.distil.weight and teacher is None:
        msg = "distil.weight is above 0 and there is no teacher; only retraining has one"
        raise TrainingError(msg)
    if plan.keep_epochs and keep_epoch is None:
        msg = "keep_epochs keeps epochs of a recipe's [train] alone; leave it out here"
        raise TrainingError(msg)
    network.to(device)
    teacher = teacher.to(device).eval() if teacher and plan.distil.weight else None
    network.to(memory_format=torch.channels_last)
    optimiser = optimiser or optimiser_for(network, plan.optimiser)
    balance = None
    if plan.balance == "smote_pixels":
        images, balance = with_smote(images, plan, seeds.number("smote"), note)
    weights = _class_weights(images.labels, plan.class_weights).to(device)
    images = images.resident(device)
    history: list[Epoch] = []
    best = snapshot(network, optimiser)
    if checkpoint and (interrupted := load_checkpoint(checkpoint)):
        now, best, history = interrupted
        restore(now, network, optimiser)
    begun, pace = history[-1].at_once if history else 0, Pace()
    portions = Portions(begun or plan.batch, least=2, refuse=TrainingError, note=note)
    # A last batch of one image is left out.
    last = _decaying(network, plan)
    steps = len(history) * max(math.ceil((len(images) - 1) / plan.batch), 1)
    each_step(network, optimiser, steps)
    while len(history) < plan.epochs and not _out_of_patience(history, plan):
        number = len(history) + 1
        rate = rate_of(plan.rate, plan.optimiser.rate, plan.epochs, history, plan.monitor)
        for group in optimiser.param_groups:
            group["lr"] = rate
        network.train()
        losses: list[Tensor] = []  # read once an epoch: reading one waits for a GPU
        counts: list[int] = []
        with _seeded(seeds.number("dropout", number)):
            for batch, labels in _batches(images, plan, seeds, number):
                inputs = standardise(batch, statistics, channels)
                learn = partial(
                    _gradients, network, teacher, inputs, labels.to(device), weights, plan, last
                )
                losses.append(portions.do(len(labels), learn, undo=network.zero_grad))
                counts.append(len(labels))
                if plan.clip:
                    torch.nn.utils.clip_grad_norm_(network.parameters(), plan.clip)
                optimiser.step()
                steps += 1
                each_step(network, optimiser, steps)
        loss = _mean(losses, counts)
        _require_finite("loss", loss, number, rate)
        found = dict(validate(network))
        _require_finite(plan.monitor, found[plan.monitor], number, rate)
        at_once = portions.size if portions.size < plan.batch else 0
        history.append(Epoch(number, rate, loss, found, at_once))
        now = snapshot(network, optimiser)
        if best_epoch(history, plan.monitor) == number:
            best = now
        if keep_epoch is not None and number in plan.keep_epochs:
            keep_epoch(network, number)
        if checkpoint and pace.due:
            pace.write(partial(save_checkpoint, checkpoint, now, best, history))
        watch(history[-1])
    if keep == "best":
        restore(best, network, optimiser)
    network.eval()
    kept = best_epoch(history, plan.monitor)
    return Fitted(network, optimiser, tuple(history), kept, balance)


def _gradients(
    network: nn.Module,
    teacher: nn.Module | None,
    inputs: Tensor,
    labels: Tensor,
    weights: Tensor,
    plan: TrainingPlan,
    last: nn.Parameter | None,
    parts: list[int],
) -> Tensor:
    """Give the loss of a batch and leave its gradients: those of its parts, added up."""
    network.zero_grad(set_to_none=True)
    losses, whole = [], weights[labels].sum()
    for some, truth in zip(inputs.split(parts), labels.split(parts), strict=True):
        with _precision(plan, inputs.device):
            images = some.contiguous(memory_format=torch.channels_last)
            scales = logits_by_scale(network, images)
        # Both means, of the labels' by weight and of the teacher's by number, become shares of
        # the batch's; of a batch in one part they stay what they are, to the last bit.
        share = len(truth) / len(labels)
        heavier = weights[truth].sum() / whole / share
        loss = loss_of(scales, truth, weights, plan) * heavier
        if teacher is not None:
            with torch.no_grad(), _precision(plan, inputs.device):
                taught = teacher(images)
            answer = scales[0] if len(scales) == 1 else torch.stack(scales).mean(dim=0)
            loss = distilled(loss, answer, taught, plan.distil)
        if last is not None:
            loss = loss + plan.optimiser.output_decay * last.square().sum()
        loss = loss * share
        loss.backward()
        losses.append(loss.detach())
    return torch.stack(losses).sum()


def _mean(losses: list[Tensor], counts: list[int]) -> float:
    """Average the losses of batches over their images."""
    read: list[float] = torch.stack(losses).tolist()
    return sum(one * count for one, count in zip(read, counts, strict=True)) / sum(counts)


def _decaying(network: nn.Module, plan: TrainingPlan) -> nn.Parameter | None:
    """Give the weights of the last layer, if the plan penalises them."""
    if not plan.optimiser.output_decay:
        return None
    return network.get_parameter(f"{last_layer(network)}.weight")


def _batches(
    images: ImageSet, plan: TrainingPlan, seeds: Seeds, epoch: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Give augmented batches, (N, 1, S, S) in [0, 1], and labels, in a new order each epoch."""
    generator = seeds.generator("order", epoch)
    order = torch.from_numpy(generator.permutation(len(images)))
    for places in order.split(plan.batch):
        if len(places) == 1 and len(images) > 1:
            continue  # BatchNorm cannot learn from a single image
        changes = draw(plan.augment, len(places), generator)
        yield apply(changes, unit_range(images.take(places))), images.labels[places]


def _class_weights(labels: Tensor, kind: str) -> Tensor:
    """Weigh classes by one over their share, so that the mean weight of an image is one."""
    counts = torch.bincount(labels)
    if kind == "none":
        return torch.ones(len(counts))
    return len(labels) / (len(counts) * counts.clamp(min=1).float())


def _precision(plan: TrainingPlan, device: torch.device) -> torch.autocast:
    halved = plan.precision == "bfloat16" or (
        plan.precision == "auto" and device.type == "cuda"
    )
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=halved)


def _out_of_patience(history: list[Epoch], plan: TrainingPlan) -> bool:
    waited = len(history) - best_epoch(history, plan.monitor)
    return bool(plan.patience) and waited >= plan.patience


def _require_finite(name: str, value: float, epoch: int, rate: float) -> None:
    if not math.isfinite(value):
        msg = (
            f"the {name} became {value} in epoch {epoch} at a learning rate of {rate:g}; "
            "lower the rate, or clip gradients (clip = 1.0)"
        )
        raise TrainingError(msg)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed torch's global generators, which dropout draws from, and put them back after."""
    devices = range(torch.cuda.device_count())
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield
