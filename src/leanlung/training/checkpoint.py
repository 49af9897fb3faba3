"""A checkpoint: a fit in the middle, as one safetensors file; no pickle."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from leanlung.foundations.files import write_bytes
from leanlung.training.history import Epoch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from torch import Tensor, nn
    from torch.optim import Optimizer


@dataclass
class Snapshot:
    """A network and its optimiser at the end of an epoch, by name, on the CPU.

    Attributes:
        network: Parameters and buffers.
        optimiser: State by ``<parameter's place>.<name>``.
    """

    network: dict[str, Tensor]
    optimiser: dict[str, Tensor]


def snapshot(network: nn.Module, optimiser: Optimizer) -> Snapshot:
    """Copy a network and its optimiser to the CPU."""
    state = optimiser.state_dict()["state"]
    return Snapshot(
        {name: _copied(tensor) for name, tensor in network.state_dict().items()},
        {
            f"{place}.{name}": _copied(value)
            for place, values in state.items()
            for name, value in values.items()
            if value is not None
        },
    )


def _copied(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu().clone(memory_format=torch.contiguous_format)


def restore(taken: Snapshot, network: nn.Module, optimiser: Optimizer) -> None:
    """Put a network and its optimiser back to where a snapshot was taken."""
    network.load_state_dict(taken.network)
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in taken.optimiser.items():
        place, key = name.split(".", 1)
        like = parameters[int(place)]
        # Loading keeps references: a copy, laid out in memory as the parameter is.
        copied = torch.empty_like(like) if tensor.shape == like.shape else tensor.clone()
        state.setdefault(int(place), {})[key] = copied.copy_(tensor)
    groups = optimiser.state_dict()["param_groups"]
    optimiser.load_state_dict({"state": state, "param_groups": groups})


def save_checkpoint(path: Path, now: Snapshot, best: Snapshot, history: list[Epoch]) -> None:
    """Write a fit as it stands after an epoch, whole or not at all."""
    tensors: dict[str, Tensor] = {}
    # A best state that is the last one is stored once.
    for which, taken in (("now", now), *([] if best is now else [("best", best)])):
        for part in ("network", "optimiser"):
            stored: Mapping[str, Tensor] = getattr(taken, part)
            tensors |= {f"{which}/{part}/{name}": tensor for name, tensor in stored.items()}
    told = json.dumps([epoch.as_dict() for epoch in history])
    write_bytes(path, save(tensors, metadata={"history": told}))


QUICK, SHARE = 1.0, 0.1
"""Seconds in which writing may always be done; largest share of the time it may take else."""


@dataclass
class Pace:
    """When a checkpoint is due: after every epoch, unless writing takes long beside epochs.

    What is lost when a fit is killed is then ten times the time of one writing, at most. A fit
    that goes on from an earlier epoch ends with the same weights.

    Attributes:
        clock: Gives seconds.
    """

    clock: Callable[[], float] = time.monotonic
    _ended: float = field(default=0.0, init=False)
    _took: float = field(default=0.0, init=False)

    @property
    def due(self) -> bool:
        """Whether to write one now."""
        return self._took <= QUICK or self.clock() - self._ended >= self._took / SHARE

    def write(self, save: Callable[[], None]) -> None:
        """Write one, and note how long that took."""
        begun = self.clock()
        save()
        self._ended = self.clock()
        self._took = self._ended - begun


def load_checkpoint(path: Path) -> tuple[Snapshot, Snapshot, list[Epoch]] | None:
    """Read a fit that was interrupted.

    Returns:
        The last state, the best state and the epochs so far; None if there is no checkpoint or
        it cannot be read, in which case the fit starts anew.
    """
    parts: dict[str, dict[str, Any]] = {
        f"{which}/{part}": {} for which in ("now", "best") for part in ("network", "optimiser")
    }
    try:
        with safe_open(path, framework="pt") as file:
            history = [Epoch(**epoch) for epoch in json.loads(file.metadata()["history"])]
            for key in file.keys():  # noqa: SIM118 - not a mapping
                which, part, name = key.split("/", 2)
                parts[f"{which}/{part}"][name] = file.get_tensor(key)
    except (OSError, SafetensorError):
        return None
    now = Snapshot(parts["now/network"], parts["now/optimiser"])
    best = Snapshot(parts["best/network"], parts["best/optimiser"])
    return now, best if best.network else now, history
