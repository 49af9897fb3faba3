"""An example: the input along which a network is read, and what to say if it does not fit."""

from __future__ import annotations

import inspect

from torch import Tensor, nn

from leanlung.foundations.errors import SurgeryError

_PLACED = {
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.VAR_POSITIONAL,
}


def require_example(network: object, example: object) -> None:
    """Make sure that a network and its example are what they are taken for.

    Raises:
        SurgeryError: If the network is no module or does not read one tensor, or the example is
            no tensor, holds no image or lies on another device.
    """
    if not isinstance(network, nn.Module):
        msg = f"a network is a torch.nn.Module; got {_a(network)}"
        raise SurgeryError(msg)
    kind = type(network).__name__
    if not isinstance(example, Tensor):
        msg = (
            f"an example is a tensor, (1, C, H, W); got {_a(example)}: "
            "try torch.zeros(1, 3, 224, 224)"
        )
        raise SurgeryError(msg)
    if example.numel() == 0:
        msg = f"an example holds one image, (1, C, H, W); got the shape {tuple(example.shape)}"
        raise SurgeryError(msg)
    _require_one_input(network, kind)
    devices = {parameter.device for parameter in network.parameters()}
    if devices and example.device not in devices:
        there = ", ".join(sorted(map(str, devices)))
        msg = f"{kind} is on {there}, the example on {example.device}; move the example there"
        raise SurgeryError(msg)


def described(example: Tensor) -> str:
    """Put an example into words."""
    kind = str(example.dtype).removeprefix("torch.")
    return f"an example of shape {tuple(example.shape)}, {kind}, on {example.device}"


def advice(network: nn.Module, example: Tensor) -> str:
    """Say what may be wrong with an example that a network does not run on."""
    own = next((p.dtype for p in network.parameters() if p.is_floating_point()), example.dtype)
    if example.ndim == 3:
        return "give one image with its batch axis, (1, C, H, W): example[None]"
    if example.dtype != own:
        kinds = [str(one).removeprefix("torch.") for one in (own, example.dtype)]
        return f"the network's weights are {kinds[0]}, the example is {kinds[1]}"
    return "give one image as the network takes it, (1, C, H, W), large enough for all poolings"


def _require_one_input(network: nn.Module, kind: str) -> None:
    parameters = inspect.signature(network.forward).parameters.values()
    placed = [one for one in parameters if one.kind in _PLACED]
    needed = [
        one.name
        for one in placed
        if one.default is one.empty and one.kind is not inspect.Parameter.VAR_POSITIONAL
    ]
    if len(needed) > 1 or not placed:
        msg = (
            f"{kind}.forward takes {', '.join(needed) or 'nothing by its place'}; one tensor "
            "of images was expected: wrap the network in a module that fills the rest in"
        )
        raise SurgeryError(msg)


def _a(value: object) -> str:
    return (
        f"the class {value.__name__}"
        if isinstance(value, type)
        else f"a {type(value).__name__}"
    )
