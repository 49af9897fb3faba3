"""A checkpoint of a U-Net in the middle of its fit: one safetensors file, no pickle."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from leanlung.foundations.files import write_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from torch import Tensor, nn
    from torch.optim import Optimizer


def save_checkpoint(
    path: Path,
    inputs: str,
    network: nn.Module,
    optimiser: Optimizer,
    best: Mapping[str, Tensor],
    history: Sequence[Mapping[str, Any]],
) -> None:
    """Write a fit as it stands after an epoch, whole or not at all.

    Args:
        path: Where.
        inputs: Fingerprint of what decides the fit.
        network: As it is now.
        optimiser: As it is now.
        best: The network's state after its best epoch.
        history: All epochs.
    """
    tensors = {f"now/{name}": tensor for name, tensor in network.state_dict().items()}
    tensors |= {f"best/{name}": tensor for name, tensor in best.items()}
    for place, values in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser/{place}/{name}": value for name, value in values.items()}
    plain = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    told = {"inputs": inputs, "history": json.dumps(list(history))}
    write_bytes(path, save(plain, metadata=told))


def load_checkpoint(
    path: Path, inputs: str, network: nn.Module, optimiser: Optimizer
) -> tuple[dict[str, Tensor], list[dict[str, Any]]] | None:
    """Put a network and its optimiser back to where a checkpoint was written.

    Returns:
        The state after the best epoch, and the epochs so far; None if there is no checkpoint,
        it cannot be read, or it belongs to another fit, which then starts anew.
    """
    parts: dict[str, dict[str, Tensor]] = {"now": {}, "best": {}, "optimiser": {}}
    try:
        with safe_open(path, framework="pt") as file:
            told = file.metadata() or {}
            if told.get("inputs") != inputs:
                return None
            for key in file.keys():  # noqa: SIM118 - not a mapping
                part, name = key.split("/", 1)
                parts[part][name] = file.get_tensor(key)
            history = list(json.loads(told["history"]))
    except (OSError, SafetensorError):
        return None
    network.load_state_dict(parts["now"])
    parameters = list(network.parameters())
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in parts["optimiser"].items():
        place, name = key.split("/", 1)
        like = parameters[int(place)]
        # Laid out in memory as the parameter is.
        copied = torch.empty_like(like) if tensor.shape == like.shape else tensor.clone()
        state.setdefault(int(place), {})[name] = copied.copy_(tensor)
    groups = optimiser.state_dict()["param_groups"]
    optimiser.load_state_dict({"state": state, "param_groups": groups})
    return parts["best"], history
