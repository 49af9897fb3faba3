"""Wrapping: what a training checkpoint carries for a mask, as TensorFlow's toolkit does it.

The TensorFlow Model Optimization Toolkit puts a wrapper around every layer of a network that is
to be pruned. A kernel gets a mask of its own shape, in float32, and a threshold; every wrapped
layer a step counter. A summary of the wrapped network lists them all as parameters that do not
train, and after ``strip_pruning`` they are gone: what has become smaller then is the wrapper.
"""

from __future__ import annotations

import operator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import fx, nn

from leanlung.foundations.errors import SurgeryError
from leanlung.networks.size import unshared_state
from leanlung.pruning.masks.weight_mask import kernels

if TYPE_CHECKING:
    from torch import Tensor

    from leanlung.pruning.masks.weight_mask import WeightMask

MASK, THRESHOLD, STEP = ".mask", ".threshold", "pruning_step."


@dataclass(frozen=True)
class WrappedCounts:
    """Parameters of a network before and after its wrapper is taken off.

    Attributes:
        kernels: Weights that are to be pruned, and so as many numbers of masks.
        thresholds: One a kernel.
        steps: One a wrapped layer.
        trainable: Parameters that train, before and after alike.
        statistics: BatchNorm's, which do not train.
    """

    kernels: int
    thresholds: int
    steps: int
    trainable: int
    statistics: int

    @property
    def bookkeeping(self) -> int:
        """Numbers of the wrapper alone: masks, thresholds and step counters."""
        return self.kernels + self.thresholds + self.steps

    @property
    def before(self) -> tuple[int, int, int]:
        """Total, trainable and non-trainable parameters of the wrapped network."""
        fixed = self.statistics + self.bookkeeping
        return self.trainable + fixed, self.trainable, fixed

    @property
    def after(self) -> tuple[int, int, int]:
        """Total, trainable and non-trainable parameters once the wrapper is off."""
        return self.trainable + self.statistics, self.trainable, self.statistics

    @property
    def vanished(self) -> float:
        """Share of the total that goes with the wrapper, whatever the mask holds at zero."""
        return self.bookkeeping / self.before[0]

    def as_dict(self) -> dict[str, Any]:
        """Give the fields, both sums and the share, ready for JSON."""
        return asdict(self) | {
            "before": list(self.before),
            "after": list(self.after),
            "vanished": self.vanished,
        }

    def sentence(self) -> str:
        """Say what a reduction by so much is."""
        return (
            f"{self.before[0]:,} -> {self.after[0]:,} parameters are {self.vanished:.2%} fewer "
            f"and no compression: what goes is the wrapper ({self.kernels:,} numbers of masks, "
            f"{self.thresholds} thresholds, {self.steps} step counters). It is there only "
            "while a mask is trained, and as large whatever share the mask holds at zero."
        )


def wrapped_counts(network: nn.Module) -> WrappedCounts:
    """Count the parameters of a network in TensorFlow's pruning wrapper, and out of it.

    Args:
        network: One that torch.fx can trace; not changed.

    Returns:
        The counts. Layers are those keras would have: every module but the identity, a global
        pooling with its flattening once, joins of branches by concatenation or addition, and
        nothing behind the last layer with weights, which keras takes for its activation.

    Raises:
        SurgeryError: If the network cannot be traced.

    Source: the TensorFlow Model Optimization Toolkit 0.8.1 (PruneLowMagnitude.build), which
        wraps every layer but the input. For shahabade2025 these are the six integers of Table
        1 of Shahabade & Londhe 2025: 7,854,454, 3,928,458 and 3,925,996 before, 3,931,402,
        3,928,458 and 2,944 after; 3,923,052 of 7,854,454 are 49.947 %, printed 49.94.
    """
    parameters = dict(network.named_parameters())
    names = kernels(network)
    return WrappedCounts(
        kernels=sum(parameters[name].numel() for name in names),
        thresholds=len(names),
        steps=_layers(network),
        trainable=sum(p.numel() for p in parameters.values() if p.requires_grad),
        statistics=sum(b.numel() for b in network.buffers() if b.ndim)
        + sum(p.numel() for p in parameters.values() if not p.requires_grad),
    )


def wrapped_state(network: nn.Module, mask: WeightMask) -> dict[str, Tensor]:
    """Give the tensors of a training checkpoint in TensorFlow's wrapper.

    Args:
        network: As for `wrapped_counts`; not changed.
        mask: Of this network.

    Returns:
        Parameters and buffers under their own names; for every kernel its mask, in float32,
        and a threshold, the largest size among the weights that are held; a step counter of 64
        bits for every layer.
    """
    state = {name: t.cpu().contiguous() for name, t in unshared_state(network).items()}
    found = dict(state)
    for name in kernels(network):
        kept = mask.by_parameter.get(name, torch.ones_like(state[name], dtype=torch.bool)).cpu()
        held = state[name][~kept].float().abs()
        found[f"{name}{MASK}"] = kept.float()
        found[f"{name}{THRESHOLD}"] = held.max() if len(held) else torch.tensor(0.0)
    steps = {f"{STEP}{number}": torch.tensor(0) for number in range(_layers(network))}
    return found | steps


def _layers(network: nn.Module) -> int:
    """Count the layers that keras would have, but for the input."""
    try:
        nodes = list(fx.symbolic_trace(network).graph.nodes)
    except Exception as error:  # tracing runs the network's own code, which may raise anything
        msg = (
            f"{type(network).__name__} cannot be traced by torch.fx ({error}), so that its "
            "layers cannot be counted"
        )
        raise SurgeryError(msg) from error
    modules = dict(network.named_modules())
    called: dict[int, None] = {}
    joins, last = 0, (0, 0)
    for node in nodes:
        if node.op == "call_module":
            module = modules[str(node.target)]
            if not isinstance(module, nn.Identity) and not _closes_a_pooling(node, modules):
                called.setdefault(id(module))
            if any(True for _ in module.parameters()):
                last = len(called), joins
        elif node.op == "call_function":
            joins += node.target in _JOINS and len(node.all_input_nodes) > 1
    return sum(last)


_JOINS = {torch.cat, torch.concat, torch.add, operator.add, torch.mul, operator.mul}


def _closes_a_pooling(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    """Say whether this flattens what a global pooling gives: one layer in keras."""
    [before, *_] = node.all_input_nodes or [node]
    pooling = modules.get(str(before.target)) if before.op == "call_module" else None
    flattens = isinstance(modules[str(node.target)], nn.Flatten)
    return flattens and isinstance(pooling, nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d)
