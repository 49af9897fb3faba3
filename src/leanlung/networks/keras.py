"""Keras's conventions, for trunks whose weights were trained with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

EPSILON = 1e-3


class SamePaddedConv2d(nn.Conv2d):
    """A strided convolution padded as TensorFlow pads "same".

    The output has ``ceil(size / stride)`` rows; when the zeros needed are an odd number, the
    odd one goes right and bottom, where torch pads both sides alike.
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's own name for it
        """Pad, then convolve."""
        pads: list[int] = []
        for axis in (-1, -2):  # torch.nn.functional.pad starts at the last axis
            size, kernel, stride = input.shape[axis], self.kernel_size[axis], self.stride[axis]
            zeros = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads += [zeros // 2, zeros - zeros // 2]
        return super().forward(F.pad(input, pads))


def keep_keras_conventions(trunk: nn.Module) -> None:
    """Give a trunk keras's BatchNorm epsilon and its padding of strided convolutions.

    Args:
        trunk: Changed in place; parameter names stay as they are.
    """
    for name, module in list(trunk.named_modules()):
        if isinstance(module, nn.BatchNorm2d):
            module.eps = EPSILON
        elif isinstance(module, nn.Conv2d) and module.stride != (1, 1):
            padded = SamePaddedConv2d(
                module.in_channels,
                module.out_channels,
                module.kernel_size,  # type: ignore[arg-type]
                stride=module.stride,  # type: ignore[arg-type]
                groups=module.groups,
                bias=module.bias is not None,
            )
            padded.load_state_dict(module.state_dict())
            trunk.set_submodule(name, padded)
