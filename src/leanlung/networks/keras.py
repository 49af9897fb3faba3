"""Keras's conventions, for networks whose weights or counts come from there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

EPSILON = 1e-3


@dataclass(frozen=True)
class Habits:
    """What keras's own version of one architecture does.

    Attributes:
        gamma: Whether its BatchNorm scales (``scale=True``). Where it does not, gamma stays
            in the network as a constant, so that a library's weights and every layer behind
            still find it, and is not trained.
        same_padding: Whether it pads strided convolutions "same"; otherwise as torch does.
    """

    gamma: bool = True
    same_padding: bool = True


HABITS = Habits()
"""Most architectures': BatchNorm scales, strided convolutions are padded "same"."""


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


def keep_keras_conventions(trunk: nn.Module, habits: Habits = HABITS) -> None:
    """Give a trunk keras's BatchNorm and its padding of strided convolutions.

    Epsilon becomes 1e-3, and gamma a constant where keras has none: it keeps its value, which
    is 1 unless loaded weights say otherwise, and neither training nor the count of trainable
    parameters knows it. Strided convolutions that are padded at all are padded "same".

    Args:
        trunk: Changed in place; names of tensors stay as they are.
        habits: Of keras's version of it.
    """
    for name, module in list(trunk.named_modules()):
        if isinstance(module, nn.BatchNorm2d):
            module.eps = EPSILON
            if not habits.gamma:
                module.weight.requires_grad = False
        elif habits.same_padding and isinstance(module, nn.Conv2d) and _is_strided(module):
            trunk.set_submodule(name, _same_padded(module))


def _is_strided(module: nn.Conv2d) -> bool:
    """Whether it is a plain strided convolution that is padded at all."""
    plain = type(module) is nn.Conv2d and module.dilation == (1, 1)
    return plain and module.stride != (1, 1) and module.padding not in {(0, 0), "valid"}


def _same_padded(module: nn.Conv2d) -> SamePaddedConv2d:
    padded = SamePaddedConv2d(
        module.in_channels,
        module.out_channels,
        module.kernel_size,  # type: ignore[arg-type]
        stride=module.stride,  # type: ignore[arg-type]
        groups=module.groups,
        bias=module.bias is not None,
    )
    padded.load_state_dict(module.state_dict())
    return padded
