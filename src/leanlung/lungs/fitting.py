"""Fit a U-Net on films and masks: one loop, seeded, that goes on where it was stopped."""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by

from leanlung.foundations import fingerprints
from leanlung.foundations.errors import TrainingError
from leanlung.foundations.seeds import Seeds
from leanlung.lungs.checkpoint import load_checkpoint, save_checkpoint
from leanlung.lungs.unet import UNet, fused
from leanlung.pixels import apply, draw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from leanlung.lungs.pairs import PairSet
    from leanlung.lungs.plan import SegmenterPlan

_RISE = 0.1
_BATCH = 32


@dataclass(frozen=True)
class Epoch:
    """One pass over the training films.

    Attributes:
        number: From 1 on.
        loss: Mean over the films.
        dice: Mean over the validation films, in [0, 1].
    """

    number: int
    loss: float
    dice: float


@dataclass(frozen=True)
class FittedUNet:
    """A U-Net after fitting.

    Attributes:
        network: As it was after its best epoch, in evaluation mode, on the CPU.
        history: All epochs.
        best: Number of the one with the highest Dice on the validation films.
    """

    network: UNet
    history: tuple[Epoch, ...]
    best: int


def fit_unet(
    parted: PairSet,
    plan: SegmenterPlan,
    *,
    device: torch.device,
    checkpoint: Path | None = None,
    watch: Callable[[Epoch], None] = lambda _epoch: None,
) -> FittedUNet:
    """Fit a U-Net, and keep the epoch with the highest Dice on the validation films.

    Every epoch draws its randomness from its own seed: a fit that was killed and goes on from
    its checkpoint ends with the same weights on the same machine.

    Args:
        parted: Pairs with their parts; those of the test part are not looked at.
        plan: How.
        device: Where to run.
        checkpoint: Written after each epoch, and gone on from if it is of the same plan and
            pairs.
        watch: Told of every epoch.

    Raises:
        TrainingError: If a part is empty, or the loss is no longer a number.
    """
    seeds = Seeds(plan.seed)
    train, validation = (_places(parted, part) for part in ("train", "validation"))
    with _seeded(seeds.number("weights")):
        network = UNet(plan.network).to(device).to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(network.parameters(), lr=plan.rate)
    inputs = _fingerprint(parted, plan, device)
    history, best = [], _copied(network)
    if checkpoint and (found := load_checkpoint(checkpoint, inputs, network, optimiser)):
        best, told = found
        history = [Epoch(**epoch) for epoch in told]
    steps = math.ceil(len(train) / plan.batch)
    while len(history) < plan.epochs:
        number = len(history) + 1
        network.train()
        total = 0.0
        generator = seeds.generator("order", number)
        with _seeded(seeds.number("dropout", number)):
            for step, places in enumerate(_batches(train, plan.batch, generator)):
                share = ((number - 1) * steps + step) / (plan.epochs * steps)
                for group in optimiser.param_groups:
                    group["lr"] = plan.rate * _of_rate(share)
                loss = _step(network, optimiser, parted, places, plan, generator, device)
                if not math.isfinite(loss):
                    msg = (
                        f"the loss became {loss} in epoch {number} at a highest rate of "
                        f"{plan.rate:g}; lower the rate"
                    )
                    raise TrainingError(msg)
                total += loss * len(places)
        found_dice = _mean_dice(network, parted, validation, device)
        history.append(Epoch(number, total / len(train), found_dice))
        if best_epoch(history) == number:
            best = _copied(network)
        if checkpoint:
            told = [asdict(epoch) for epoch in history]
            save_checkpoint(checkpoint, inputs, network, optimiser, best, told)
        watch(history[-1])
    network.load_state_dict(best)
    return FittedUNet(network.cpu().eval(), tuple(history), best_epoch(history))


def best_epoch(history: list[Epoch]) -> int:
    """Give the number of the epoch with the highest Dice; of equals the first."""
    return max(history, key=lambda epoch: (epoch.dice, -epoch.number)).number


def segmentation_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Add binary cross-entropy and one minus the Dice coefficient, mean over films.

    Args:
        logits: (N, 1, H, W).
        masks: The same shape, in [0, 1].

    Returns:
        A number, 0 at best.
    """
    shares = logits.sigmoid()
    shared = (shares * masks).sum((1, 2, 3))
    both = shares.sum((1, 2, 3)) + masks.sum((1, 2, 3))
    dice = (2.0 * shared + 1.0) / (both + 1.0)  # defined where both are empty
    return F.binary_cross_entropy_with_logits(logits, masks) + (1.0 - dice).mean()


def found_masks(
    network: nn.Module, films: NDArray[np.uint8], device: torch.device
) -> NDArray[np.bool]:
    """Find lungs on films as the network reads them.

    Args:
        network: In evaluation mode; on the device.
        films: (n, 256, 256).
        device: Where to run.

    Returns:
        (n, 256, 256): where the network finds lung, as it stands.
    """
    found = np.empty(films.shape, np.bool_)
    with torch.inference_mode():
        for start in range(0, len(films), _BATCH):
            batch = torch.from_numpy(films[start : start + _BATCH]).to(device)
            logits = network(batch.unsqueeze(1).float() / 255.0)
            found[start : start + _BATCH] = (logits[:, 0] > 0.0).cpu().numpy()
    return found


def _step(
    network: UNet,
    optimiser: torch.optim.Optimizer,
    parted: PairSet,
    places: NDArray[np.int64],
    plan: SegmenterPlan,
    generator: np.random.Generator,
    device: torch.device,
) -> float:
    films = torch.from_numpy(parted.films[places]).unsqueeze(1).to(device).float() / 255.0
    masks = torch.from_numpy(parted.masks[places]).unsqueeze(1).to(device).float() / 255.0
    changes = draw(plan.augment, len(places), generator)
    films = apply(changes, films)
    # A mask moves with its film, and keeps its brightness.
    still = torch.ones_like(changes.gain)
    masks = apply(replace(changes, gain=still, offset=torch.zeros_like(still)), masks)
    halved = plan.precision == "bfloat16" or (
        plan.precision == "auto" and device.type == "cuda"
    )
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=halved):
        logits = network(films)
    loss = segmentation_loss(logits.float(), masks)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    return float(loss.detach())


def _of_rate(share: float) -> float:
    """Give the share of the highest rate, where a share of all steps is done."""
    if share < _RISE:
        return 0.05 + 0.95 * share / _RISE
    return 0.5 + 0.5 * math.cos(math.pi * (share - _RISE) / (1.0 - _RISE))


def _mean_dice(
    network: UNet, parted: PairSet, places: NDArray[np.int64], device: torch.device
) -> float:
    found = found_masks(fused(network), parted.films[places], device)
    drawn = parted.masks[places] > 127
    shared = (found & drawn).sum((1, 2))
    both = found.sum((1, 2)) + drawn.sum((1, 2))
    return float((2.0 * shared / np.maximum(both, 1)).mean())


def _batches(
    places: NDArray[np.int64], batch: int, generator: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    order = generator.permutation(places)
    return (order[start : start + batch] for start in range(0, len(order), batch))


def _places(parted: PairSet, part: str) -> NDArray[np.int64]:
    found = np.flatnonzero([pair.part == part for pair in parted.pairs])
    if not len(found):
        msg = f"the {part} part has no pair of film and mask; nothing to fit"
        raise TrainingError(msg)
    return found


def _copied(network: UNet) -> dict[str, Tensor]:
    return {
        name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()
    }


def _fingerprint(parted: PairSet, plan: SegmenterPlan, device: torch.device) -> str:
    """Fingerprint what decides the weights: only a checkpoint of the same is gone on from."""
    parts = [pair.part for pair in parted.pairs]
    told: list[Any] = [plan.model_dump(mode="json"), device.type, parts]
    return fingerprints.of_value(
        [*told, fingerprints.of_array(parted.films), fingerprints.of_array(parted.masks)]
    )


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed torch's global generators, which weights and noise come from, and put them back."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield
