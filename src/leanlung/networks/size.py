"""The size of a network, each figure with one meaning."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save
from torch import nn

from leanlung.networks.widths import Convolution

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class ModelSize:
    """How large a network is; a mask over weights changes ``nonzero`` alone.

    Attributes:
        stored: Parameters in the file, zeros included.
        trainable: Of these, those that training may change.
        nonzero: Of these, those that are not exactly zero.
        buffers: Further numbers in the file that are no parameters: BatchNorm's statistics, its
            step counters left out.
        macs: Multiply-accumulate operations of convolutions and linear layers for one image.
        file_bytes: Of the whole state as safetensors.
    """

    stored: int
    trainable: int
    nonzero: int
    buffers: int
    macs: int
    file_bytes: int

    def as_dict(self) -> dict[str, int]:
        """Give a value that JSON can hold."""
        return asdict(self)


def size_of(network: nn.Module, size: int, channels: int = 3) -> ModelSize:
    """Measure a network.

    Args:
        network: Any network of convolutions and linear layers; not changed.
        size: Height and width of the image the operations are counted for, in pixels.
        channels: Of that image.

    Returns:
        Its size. A parameter used by several layers counts once; its operations every time.
    """
    parameters = list(network.parameters())
    state = {name: tensor.contiguous() for name, tensor in unshared_state(network).items()}
    return ModelSize(
        stored=sum(parameter.numel() for parameter in parameters),
        trainable=sum(p.numel() for p in parameters if p.requires_grad),
        nonzero=sum(int(torch.count_nonzero(p.detach())) for p in parameters),
        buffers=sum(b.numel() for b in network.buffers() if b.ndim),
        macs=_count_macs(network, size, channels),
        file_bytes=len(save(state)),
    )


def unshared_state(network: nn.Module) -> dict[str, Tensor]:
    """Give parameters and buffers by name, each tensor once, as they go into a file."""
    names: dict[int, str] = {}
    state = network.state_dict(keep_vars=True)
    return {
        name: tensor.detach()
        for name, tensor in state.items()
        if names.setdefault(id(tensor), name) == name
    }


def _count_macs(network: nn.Module, size: int, channels: int) -> int:
    counted = 0

    def count(layer: Any, _inputs: object, output: Tensor) -> None:  # noqa: ANN401 - two kinds
        nonlocal counted
        # Every output place of every map is one weighted sum over the map's own kernel.
        per_value = layer.weight[0].numel()
        counted += output[0].numel() * per_value

    handles = [
        module.register_forward_hook(count)
        for module in network.modules()
        if isinstance(module, Convolution | nn.Linear)
    ]
    was_training = network.training
    device = next(network.parameters()).device
    try:
        network.eval()
        with torch.no_grad():
            network(torch.zeros(1, channels, size, size, device=device))
    finally:
        network.train(was_training)
        for handle in handles:
            handle.remove()
    return counted
