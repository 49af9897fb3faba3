"""Networks on disk: weights as safetensors, the rest as a specification; no pickle."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from leanlung.foundations.errors import NetworkError
from leanlung.foundations.files import write_bytes
from leanlung.networks.build import build
from leanlung.networks.size import unshared_state
from leanlung.networks.spec import Width
from leanlung.networks.widths import resize, widths_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor, nn

    from leanlung.networks.classifier import Classifier
    from leanlung.networks.spec import NetworkSpec

_WIDTHS = "leanlung.widths"
"""Where a file of safetensors tells how wide every layer is."""


def store(path: Path, network: nn.Module) -> None:
    """Write parameters and buffers, whole or not at all."""
    state = {name: t.cpu().contiguous() for name, t in unshared_state(network).items()}
    write_bytes(path, save(state))


def restore(path: Path, spec: NetworkSpec) -> Classifier:
    """Build a network as wide as its specification says, and give it its stored weights.

    Args:
        path: What `store` wrote.
        spec: Of that network, surgery included.

    Returns:
        The network in evaluation mode, bit for bit as it was stored.

    Raises:
        NetworkError: If the file is missing or damaged, or holds another network.
    """
    network = build(spec)
    state, _ = _read(path)
    _require_alike(path, unshared_state(network), state, "network its specification builds")
    network.load_state_dict(state, strict=False)  # a shared tensor is stored once
    return network.eval()


def store_pruned(path: Path, network: nn.Module) -> None:
    """Write any network, pruned or not, with the width of its every layer; no pickle.

    Args:
        path: Written whole or not at all: safetensors, with the widths beside the tensors.
        network: Anybody's. All parameters and buffers are written, those that a state dict
            leaves out too.
    """
    widths = {name: list(width) for name, width in widths_of(network).items()}
    state = {name: t.detach().cpu().contiguous() for name, t in _tensors(network).items()}
    write_bytes(path, save(state, {_WIDTHS: json.dumps(widths)}))


def restore_pruned(path: Path, whole: nn.Module) -> nn.Module:
    """Make a network as narrow as the stored one, and give it its tensors.

    Args:
        path: What `store_pruned` wrote.
        whole: The same network as it was before anything was removed, built anew with
            whatever weights; not changed. It says which parameters train.

    Returns:
        A new network in evaluation mode, bit for bit as it was stored.

    Raises:
        NetworkError: If the file is missing, damaged or without widths, or holds another
            network.
    """
    state, metadata = _read(path)
    widths = _widths_in(path, metadata)
    network = copy.deepcopy(whole)
    kind = type(whole).__name__
    try:
        resize(network, widths)
    except NetworkError as error:
        msg = f"{path}: {error}; it was written from another network than this {kind}"
        raise NetworkError(msg) from error
    own = _tensors(network)
    _require_alike(path, own, state, f"network that was given, {kind}")
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(state[name])
    return network.eval()


def _read(path: Path) -> tuple[dict[str, Tensor], Mapping[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return state, file.metadata() or {}
    except (OSError, SafetensorError) as error:
        msg = f"{path}: not a whole safetensors file ({error}); copy it again"
        raise NetworkError(msg) from error


def _widths_in(path: Path, metadata: Mapping[str, str]) -> dict[str, Width]:
    try:
        told = json.loads(metadata[_WIDTHS])
        return {name: Width(*map(int, width)) for name, width in told.items()}
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        msg = f"{path}: has no widths; was it written by store_pruned?"
        raise NetworkError(msg) from error


def _tensors(network: nn.Module) -> dict[str, Tensor]:
    """Give every parameter and buffer by name, shared ones once."""
    return dict(network.named_parameters()) | dict(network.named_buffers())


def _require_alike(
    path: Path, own: Mapping[str, Tensor], state: Mapping[str, Tensor], where: str
) -> None:
    for name in {**own, **state}:
        here, there = own.get(name), state.get(name)
        if here is None or there is None or _kind(here) != _kind(there):
            told = f"{path}: tensor {name!r} is {_told(there, here)} in the file and "
            msg = f"{told}{_told(here, there)} in the {where}"
            raise NetworkError(msg)


def _kind(tensor: Tensor) -> tuple[tuple[int, ...], torch.dtype]:
    return tuple(tensor.shape), tensor.dtype


def _told(tensor: Tensor | None, other: Tensor | None) -> str:
    """Say what sets a tensor apart from another: that it is missing, its shape, its type."""
    if tensor is None:
        return "missing"
    if other is not None and tensor.shape == other.shape:
        return str(tensor.dtype).removeprefix("torch.")
    return f"of shape {tuple(tensor.shape)}"
