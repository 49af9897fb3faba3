"""A weight mask: which weights of a network are kept, and which are held at zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.networks.widths import Convolution
from leanlung.pruning.bounds import without_left_alone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from leanlung.pruning.surgery import Surgery


@dataclass(frozen=True)
class WeightMask:
    """Which weights are kept.

    A mask makes nothing smaller or faster by itself: the network has as many parameters as
    before. It becomes smaller on disk by `store_masked`, and for good by `empty_units`.

    Attributes:
        by_parameter: True where a weight is kept, in the shape of the parameter, by its name.
            Parameters that are not listed are kept whole.

    Raises:
        SurgeryError: If a tensor is not boolean.
    """

    by_parameter: Mapping[str, Tensor]

    def __post_init__(self) -> None:
        for name, kept in self.by_parameter.items():
            if kept.dtype is not torch.bool:
                msg = f"the mask of {name!r} is {kept.dtype}; a mask is boolean, True is kept"
                raise SurgeryError(msg)

    @property
    def weights(self) -> int:
        """How many weights are under the mask."""
        return sum(kept.numel() for kept in self.by_parameter.values())

    @property
    def kept(self) -> int:
        """How many of them are kept."""
        return sum(int(kept.sum()) for kept in self.by_parameter.values())

    @property
    def share(self) -> float:
        """Share of them that is held at zero."""
        return 1.0 - self.kept / self.weights if self.weights else 0.0

    def grows_from(self, earlier: WeightMask) -> int:
        """Count the weights kept here that an earlier mask held at zero; 0 if it shrank."""
        return sum(
            int((kept & ~earlier.by_parameter[name].to(kept.device)).sum())
            for name, kept in self.by_parameter.items()
            if name in earlier.by_parameter
        )


def kernels(network: nn.Module, leave_alone: Sequence[str] = ()) -> tuple[str, ...]:
    """Name the weights that masks are for.

    These are the kernels of convolutions and linear layers. Biases and what BatchNorm holds
    are few and stay, and so do depthwise kernels, whose few weights are each a whole channel's.

    Args:
        network: Any.
        leave_alone: Layers to keep whole, by name or pattern such as ``features.*``.

    Returns:
        Names of parameters, a shared one once.

    Raises:
        SurgeryError: If a pattern fits no layer with a kernel, or together they fit all.

    Source: the TensorFlow Model Optimization Toolkit 0.8.1 (PruneRegistry), which leaves the
        same out.
    """
    named = {id(parameter): name for name, parameter in network.named_parameters()}
    layers = {
        name: named[id(layer.weight)]
        for name, layer in network.named_modules()
        if _has_kernel(layer)
    }
    left = without_left_alone(layers, leave_alone)
    return tuple(dict.fromkeys(layers[name] for name in left))


def impose(network: nn.Module, mask: WeightMask) -> None:
    """Set the weights a mask does not keep to zero.

    Args:
        network: Changed in place.
        mask: Of this network.

    Raises:
        SurgeryError: If the mask is another network's.
    """
    with torch.no_grad():
        for parameter, kept in masked_parameters(network, mask).values():
            parameter.masked_fill_(~kept.to(parameter.device), 0.0)


def require_held(network: nn.Module, mask: WeightMask) -> None:
    """Make sure that every weight a mask does not keep is zero.

    Raises:
        SurgeryError: If one is not, or the mask is another network's.
    """
    for name, (parameter, kept) in masked_parameters(network, mask).items():
        held = parameter.detach()[~kept.to(parameter.device)]
        if back := int(torch.count_nonzero(held)):
            msg = (
                f"{back} of {len(held)} weights of {name!r} that the mask holds at zero are "
                "not: something changed them without the mask; give fit each_step=Hold(mask)"
            )
            raise SurgeryError(msg)


def masked_parameters(
    network: nn.Module, mask: WeightMask
) -> dict[str, tuple[nn.Parameter, Tensor]]:
    """Give the parameters under a mask with what is kept of them, by name.

    Raises:
        SurgeryError: If the mask is another network's.
    """
    parameters = dict(network.named_parameters())
    found = {}
    for name, kept in mask.by_parameter.items():
        if name not in parameters:
            hint = did_you_mean(name, parameters)
            msg = f"the mask is for a parameter {name!r} that this network has not{hint}"
            raise SurgeryError(msg)
        if parameters[name].shape != kept.shape:
            msg = (
                f"the mask of {name!r} is of shape {tuple(kept.shape)}, the parameter of shape "
                f"{tuple(parameters[name].shape)}; after surgery carry_mask cuts it along"
            )
            raise SurgeryError(msg)
        found[name] = (parameters[name], kept)
    return found


def carry_mask(mask: WeightMask, surgery: Surgery) -> WeightMask:
    """Cut a mask as surgery cut its network, as `carry` does with an optimiser's state."""
    carried = {}
    for name, kept in mask.by_parameter.items():
        for axis, stay in enumerate(surgery.places.get(name, (None, None))):
            if stay is not None:
                kept = kept.index_select(axis, stay.to(kept.device))
        carried[name] = kept
    return WeightMask(carried)


def _has_kernel(layer: nn.Module) -> bool:
    match layer:
        case Convolution():
            return layer.groups == 1 or layer.groups < layer.in_channels
        case _:
            return isinstance(layer, nn.Linear)
