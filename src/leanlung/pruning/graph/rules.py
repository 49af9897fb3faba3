"""The table of rules: which rule follows channels through which operation."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by
from torch import nn
from torchvision.ops import Permute, stochastic_depth

from leanlung.networks.widths import Convolution, Normalisation
from leanlung.pruning.graph.elementwise import (
    FIRING,
    PASSING,
    POOLING,
    fires,
    joins,
    pads,
    passes,
    pools,
    reduces,
    reduces_norm,
    softens,
)
from leanlung.pruning.graph.layers import (
    convolution,
    group_normalisation,
    linear,
    normalisation,
    slopes,
    together,
)
from leanlung.pruning.graph.ledger import Ledger
from leanlung.pruning.graph.movement import (
    expands,
    mirrors,
    permutes,
    shuffles,
    squeezes,
    transposes,
    unsqueezes,
)
from leanlung.pruning.graph.pieces import concatenates, narrows, slices, splits, stacks, unbinds
from leanlung.pruning.graph.streams import Call, Stream
from leanlung.pruning.graph.views import flattens, unflattens, views

if TYPE_CHECKING:
    from torch import fx

Rule = Callable[[Call, Ledger], Stream | tuple[Stream, ...]]
"""What comes out of an operation; NotFollowedError where the rule does not cover the case."""

MODULES: dict[type[nn.Module], Rule] = {
    Convolution: convolution,
    nn.Linear: linear,
    Normalisation: normalisation,
    nn.GroupNorm: group_normalisation,
    nn.LayerNorm: together,
    nn.PReLU: slopes,
    nn.Flatten: flattens,
    nn.Unflatten: unflattens,
    nn.ChannelShuffle: shuffles,
    nn.Softmax: softens,
    Permute: permutes,
    **dict.fromkeys(FIRING, fires),
    **dict.fromkeys(PASSING, passes),
    **dict.fromkeys(POOLING, pools),
}

FUNCTIONS: dict[Callable[..., Any], Rule] = {
    **dict.fromkeys((operator.add, operator.iadd, operator.sub, operator.isub), joins),
    **dict.fromkeys((operator.mul, operator.imul, operator.truediv, operator.itruediv), joins),
    **dict.fromkeys((torch.add, torch.sub, torch.mul, torch.div, torch.addcmul), joins),
    **dict.fromkeys((torch.maximum, torch.minimum, torch.multiply), joins),
    **dict.fromkeys((torch.cat, torch.concat, torch.concatenate), concatenates),
    torch.stack: stacks,
    **dict.fromkeys((torch.split, torch.chunk), splits),
    torch.unbind: unbinds,
    torch.narrow: narrows,
    operator.getitem: slices,
    torch.flatten: flattens,
    torch.unflatten: unflattens,
    torch.reshape: views,
    torch.permute: permutes,
    **dict.fromkeys((torch.transpose, torch.swapaxes), transposes),
    torch.squeeze: squeezes,
    torch.unsqueeze: unsqueezes,
    **dict.fromkeys((torch.flip, torch.roll), mirrors),
    **dict.fromkeys((torch.channel_shuffle, F.channel_shuffle), shuffles),
    **dict.fromkeys((torch.mean, torch.sum, torch.amax, torch.amin), reduces),
    torch.norm: reduces_norm,
    **dict.fromkeys((F.softmax, torch.softmax), softens),
    F.pad: pads,
    **dict.fromkeys((F.relu, F.relu_, F.relu6, F.leaky_relu, F.elu, F.selu), fires),
    **dict.fromkeys((F.gelu, F.silu, F.mish, F.hardswish, torch.relu, torch.relu_), fires),
    **dict.fromkeys((F.dropout, F.dropout2d, torch.sigmoid, torch.tanh, F.sigmoid), passes),
    **dict.fromkeys((F.hardsigmoid, F.softplus, F.hardtanh, torch.clamp, torch.sqrt), passes),
    **dict.fromkeys((torch.exp, torch.rsqrt, torch.abs, operator.neg, operator.pow), passes),
    **dict.fromkeys((torch.square, F.tanh, F.logsigmoid, stochastic_depth), passes),
    **dict.fromkeys((F.max_pool2d, F.avg_pool2d, F.adaptive_avg_pool2d), pools),
    **dict.fromkeys((F.adaptive_max_pool2d, F.interpolate), pools),
    **dict.fromkeys((F.layer_norm, F.rms_norm, F.group_norm), together),
}

METHODS: dict[str, Rule] = {
    **dict.fromkeys(("add", "add_", "sub", "sub_", "mul", "mul_", "div", "div_"), joins),
    **dict.fromkeys(("flatten",), flattens),
    "unflatten": unflattens,
    **dict.fromkeys(("view", "reshape"), views),
    "permute": permutes,
    **dict.fromkeys(("transpose", "swapaxes"), transposes),
    "squeeze": squeezes,
    "unsqueeze": unsqueezes,
    "flip": mirrors,
    "roll": mirrors,
    **dict.fromkeys(("expand", "expand_as"), expands),
    **dict.fromkeys(("split", "chunk"), splits),
    "unbind": unbinds,
    "narrow": narrows,
    **dict.fromkeys(("mean", "sum", "amax", "amin", "std", "var"), reduces),
    "norm": reduces_norm,
    "softmax": softens,
    **dict.fromkeys(("relu", "relu_"), fires),
    **dict.fromkeys(("contiguous", "clone", "float", "double", "half", "type_as"), passes),
    **dict.fromkeys(("to", "detach", "sigmoid", "sigmoid_", "tanh", "clamp", "sqrt"), passes),
    **dict.fromkeys(("exp", "abs", "pow", "square", "rsqrt", "neg"), passes),
}

COUNTING: frozenset[Rule] = frozenset({views, expands, splits, slices})
"""Rules that know what to do with a number worked out from how many channels there are."""


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
    return isinstance(module, tuple(MODULES))
