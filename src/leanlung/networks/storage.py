"""Networks on disk: weights as safetensors, the rest as a specification; no pickle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from leanlung.foundations.errors import NetworkError
from leanlung.foundations.files import write_bytes
from leanlung.networks.build import build
from leanlung.networks.size import unshared_state

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from leanlung.networks.classifier import Classifier
    from leanlung.networks.spec import NetworkSpec


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
    try:
        with safe_open(path, framework="pt") as file:
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        msg = f"{path}: not a whole safetensors file ({error}); copy it again"
        raise NetworkError(msg) from error
    own = {name: tuple(tensor.shape) for name, tensor in unshared_state(network).items()}
    found = {name: tuple(tensor.shape) for name, tensor in state.items()}
    if own != found:
        name = next(n for n in {**own, **found} if own.get(n) != found.get(n))
        msg = (
            f"{path}: tensor {name!r} is {_told(found.get(name))} in the file and "
            f"{_told(own.get(name))} in the network its specification builds"
        )
        raise NetworkError(msg)
    network.load_state_dict(state, strict=False)  # a shared tensor is stored once
    return network.eval()


def _told(shape: tuple[int, ...] | None) -> str:
    return "missing" if shape is None else f"of shape {shape}"
