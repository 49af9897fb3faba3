"""A trial: whether a layer whose class is not torch's own can be cut as torch's own can."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from leanlung.networks.spec import Width
from leanlung.networks.widths import Convolution, set_width

_OWN = {"weight", "bias"}


def can_be_cut(layer: nn.Module) -> bool:
    """Whether a convolution or linear layer reads every channel by itself.

    A convolution that standardises its weight over all inputs does not: without one of them
    the others weigh differently. Classes of torch are believed; of any other a copy is cut and
    must give what the whole layer gives with that channel silent.

    Args:
        layer: Not changed.
    """
    if set(dict(layer.named_parameters())) - _OWN or "weight" not in dict(
        layer.named_parameters(recurse=False)
    ):
        return False  # parametrised, or with weights this room knows nothing of
    if type(layer).forward.__module__.startswith("torch.nn.modules"):
        return True
    try:
        with torch.no_grad():
            return _tried(layer)
    except (RuntimeError, ValueError, TypeError, AttributeError):
        return False


def _tried(layer: Any) -> bool:  # noqa: ANN401 - of either kind
    whole = copy.deepcopy(layer).double().eval()
    generator = torch.Generator().manual_seed(0)
    for parameter in whole.parameters():
        drawn = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        parameter.copy_(drawn.to(parameter.device))
    cut = copy.deepcopy(whole)
    if isinstance(whole, Convolution):
        width = Width(whole.in_channels, whole.out_channels, whole.groups)
        sides = [
            size * dilation + stride
            for size, dilation, stride in zip(
                whole.kernel_size, whole.dilation, whole.stride, strict=True
            )
        ]
    else:
        width, sides = Width(whole.in_features, whole.out_features, 1), []
    shape = (2, width.inputs, *sides)
    images = torch.randn(shape, generator=generator, dtype=torch.float64)
    images = images.to(next(whole.parameters()).device)
    inputs, outputs, smaller = _left(width)
    silent = torch.zeros_like(images)
    silent[:, inputs] = images[:, inputs]
    set_width(cut, smaller)
    cut.weight = nn.Parameter(cut.weight[outputs])
    per_group = width.inputs // width.groups
    if smaller.inputs // smaller.groups < per_group:
        cut.weight = nn.Parameter(cut.weight[:, 1:])
    if cut.bias is not None:
        cut.bias = nn.Parameter(cut.bias[outputs])
    found, expected = cut(images[:, inputs]), whole(silent)[:, outputs]
    return bool(torch.allclose(found, expected, rtol=1e-8, atol=1e-10))


def _left(width: Width) -> tuple[list[int], list[int], Width]:
    """Take the first channel of every group, or the first group of a depthwise layer."""
    into, out = width.inputs // width.groups, width.outputs // width.groups
    if into == 1 and width.groups > 1:
        smaller = Width(width.inputs - 1, width.outputs - out, width.groups - 1)
        return list(range(1, width.inputs)), list(range(out, width.outputs)), smaller
    drop_in, drop_out = into > 1, out > 1
    inputs = [place for place in range(width.inputs) if place % into or not drop_in]
    outputs = [place for place in range(width.outputs) if place % out or not drop_out]
    return inputs, outputs, Width(len(inputs), len(outputs), width.groups)
