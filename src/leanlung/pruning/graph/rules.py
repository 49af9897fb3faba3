"""Rules: how each operation hands channels on."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by
from torch import nn

from leanlung.networks.widths import Convolution, Normalisation
from leanlung.pruning.graph.ledger import Atoms, Entry, Ledger

if TYPE_CHECKING:
    from torch import fx

CHANNEL_AXIS = 1


@dataclass(frozen=True)
class Call:
    """One operation of the program.

    Attributes:
        node: As traced.
        module: The module called, if it is one.
        inputs: Atoms of the tensors that go in, in order.
        shapes: Their shapes.
        shape: Of what comes out.
    """

    node: fx.Node
    module: nn.Module | None
    inputs: tuple[Atoms, ...]
    shapes: tuple[tuple[int, ...], ...]
    shape: tuple[int, ...]

    def argument(self, place: int, name: str, default: Any) -> Any:  # noqa: ANN401 - any kind
        """Give an argument by its place or its name."""
        if len(self.node.args) > place:
            return self.node.args[place]
        return self.node.kwargs.get(name, default)


Rule = Callable[[Call, Ledger], Atoms | None]
"""Atoms of the output, or None if the rule does not cover this case."""


def convolution(call: Call, ledger: Ledger) -> Atoms | None:
    """A convolution reads its inputs and writes its outputs; a depthwise one hands them on."""
    layer, (atoms,) = call.module, call.inputs
    if not isinstance(layer, Convolution) or layer.transposed:
        return None
    name = str(call.node.target)
    if layer.groups > 1 and layer.groups == layer.in_channels:
        outputs = np.repeat(atoms, layer.out_channels // layer.in_channels)
        return ledger.enter(name, Entry(outputs, hands_on=atoms)).outputs
    outputs = ledger.new(layer.out_channels)
    if layer.groups > 1:
        # All groups stay equally wide: the same place leaves every group.
        for axis in (atoms, outputs):
            for group in axis.reshape(layer.groups, -1)[1:]:
                ledger.tie(axis.reshape(layer.groups, -1)[0], group)
    inputs = atoms[: len(atoms) // layer.groups]
    entry = Entry(outputs, inputs=inputs, groups=layer.groups, writes=True)
    return ledger.enter(name, entry).outputs


def linear(call: Call, ledger: Ledger) -> Atoms | None:
    """A linear layer over (N, C) reads and writes units as a 1 x 1 convolution does."""
    layer, (atoms,) = call.module, call.inputs
    if not isinstance(layer, nn.Linear) or len(call.shape) != 2:
        return None
    entry = Entry(ledger.new(layer.out_features), inputs=atoms, writes=True)
    return ledger.enter(str(call.node.target), entry).outputs


def normalisation(call: Call, ledger: Ledger) -> Atoms:
    """BatchNorm keeps a few numbers for each channel; timm's also fires."""
    (atoms,) = call.inputs
    atoms = ledger.enter(str(call.node.target), Entry(atoms)).outputs
    if isinstance(getattr(call.module, "act", None), FIRING):
        ledger.sites[call.node.name] = atoms
    return atoms


def firing(call: Call, ledger: Ledger) -> Atoms:
    """An activation: the place where units are seen to fire."""
    (atoms,) = call.inputs
    ledger.sites[call.node.name] = atoms
    return atoms


def passing(call: Call, _ledger: Ledger) -> Atoms | None:
    """Whatever works on every channel by itself."""
    atoms = call.inputs[0]
    same = len(call.shape) > CHANNEL_AXIS and call.shape[CHANNEL_AXIS] == len(atoms)
    return atoms if same else None


def spatial_padding(call: Call, ledger: Ledger) -> Atoms | None:
    """Padding of height and width; padding of channels is another matter."""
    pads = call.argument(1, "pad", ())
    spatial = 2 * (len(call.shape) - CHANNEL_AXIS - 1)
    return passing(call, ledger) if len(pads) <= spatial else None


def averaging(call: Call, ledger: Ledger) -> Atoms | None:
    """A mean over height and width."""
    axes = call.argument(1, "dim", None)
    axes = [axes] if isinstance(axes, int) else axes
    rank = len(call.shapes[0])
    if axes is None or any(axis % rank <= CHANNEL_AXIS for axis in axes):
        return None
    return passing(call, ledger)


def flattening(call: Call, _ledger: Ledger) -> Atoms | None:
    """From (N, C, H, W) to (N, C * H * W): every channel becomes its places, in a row."""
    (atoms,), rank = call.inputs, len(call.shape)
    if rank != 2 or call.shape[0] != call.shapes[0][0] or call.shape[1] % len(atoms):
        return None
    return np.repeat(atoms, call.shape[1] // len(atoms))


def concatenation(call: Call, ledger: Ledger) -> Atoms | None:
    """Along channels atoms line up; along another axis they are tied."""
    axis = call.argument(1, "dim", 0) % len(call.shape)
    if axis == CHANNEL_AXIS:
        return np.concatenate(call.inputs)
    return _tied(call, ledger) if axis > CHANNEL_AXIS else None


def arithmetic(call: Call, ledger: Ledger) -> Atoms | None:
    """Addition and its kin tie the channels of what they join."""
    return _tied(call, ledger)


def _tied(call: Call, ledger: Ledger) -> Atoms | None:
    rank = len(call.shape)
    if rank <= CHANNEL_AXIS or any(len(shape) != rank for shape in call.shapes):
        return None
    wide = [atoms for atoms in call.inputs if len(atoms) == call.shape[CHANNEL_AXIS]]
    for narrow in call.inputs:
        if len(narrow) != call.shape[CHANNEL_AXIS]:
            ledger.freeze(narrow)  # one map broadcast over all channels must stay
    for other in wide[1:]:
        ledger.tie(wide[0], other)
    return wide[0] if wide else None


FIRING = (
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish,
    nn.Hardswish,
)  # fmt: skip

PASSING = (
    nn.Identity, nn.Sigmoid, nn.Tanh, nn.Hardsigmoid, nn.Hardtanh, nn.Softplus,
    nn.Dropout, nn.Dropout2d, nn.AlphaDropout,
    nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d,
    nn.Upsample, nn.ZeroPad2d, nn.ReflectionPad2d, nn.ReplicationPad2d,
)  # fmt: skip

MODULES: dict[type[nn.Module], Rule] = {
    Convolution: convolution,
    nn.Linear: linear,
    Normalisation: normalisation,
    nn.Flatten: flattening,
    **dict.fromkeys(FIRING, firing),
    **dict.fromkeys(PASSING, passing),
}

FUNCTIONS: dict[Callable[..., Any], Rule] = {
    **dict.fromkeys((operator.add, operator.iadd, operator.sub, operator.mul), arithmetic),
    **dict.fromkeys((operator.imul, operator.truediv), arithmetic),
    **dict.fromkeys((torch.add, torch.sub, torch.mul, torch.div), arithmetic),
    **dict.fromkeys((torch.maximum, torch.minimum), arithmetic),
    **dict.fromkeys((torch.cat, torch.concat), concatenation),
    torch.flatten: flattening,
    torch.mean: averaging,
    F.pad: spatial_padding,
    **dict.fromkeys((F.relu, F.relu_, F.relu6, F.leaky_relu, F.elu, F.selu), firing),
    **dict.fromkeys((F.gelu, F.silu, F.mish, F.hardswish, torch.relu), firing),
    **dict.fromkeys((F.dropout, F.dropout2d, torch.sigmoid, torch.tanh, F.sigmoid), passing),
    **dict.fromkeys((F.max_pool2d, F.avg_pool2d, F.adaptive_avg_pool2d), passing),
    **dict.fromkeys((F.adaptive_max_pool2d, F.interpolate, F.hardsigmoid), passing),
}

METHODS: dict[str, Rule] = {
    **dict.fromkeys(("add", "add_", "sub", "mul", "mul_", "div"), arithmetic),
    **dict.fromkeys(("flatten", "view", "reshape"), flattening),
    **dict.fromkeys(("relu", "relu_"), firing),
    **dict.fromkeys(("contiguous", "clone", "float", "sigmoid", "clamp"), passing),
    "mean": averaging,
}


def rule_for(node: fx.Node, module: nn.Module | None) -> Rule | None:
    """Find the rule of an operation, or None if there is none."""
    if module is not None:
        known = (MODULES[kind] for kind in type(module).__mro__ if kind in MODULES)
        return next(known, None)
    if node.op == "call_method":
        return METHODS.get(str(node.target))
    return FUNCTIONS.get(node.target)  # type: ignore[arg-type]


def is_leaf(module: nn.Module) -> bool:
    """Whether tracing stops at this module, whoever wrote the class."""
    return isinstance(module, Convolution | nn.Linear | Normalisation)
