"""The papers' trunks, as the benchmarks build them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from leanlung.networks import BACKBONES, NetworkSpec, build

if TYPE_CHECKING:
    from torch import Tensor, nn


def spec_of(name: str, size: int, head: str = "linear") -> NetworkSpec:
    """Two classes; networks that are whole by themselves read grey images, trunks read RGB."""
    if BACKBONES[name].head is not None:
        return NetworkSpec(name, 2, head="own", channels=1, size=size)
    return NetworkSpec(name, 2, head=head, channels=3, size=size)


def trunk(name: str, size: int, head: str = "linear") -> tuple[nn.Module, Tensor]:
    """Build a trunk with random weights, and an image for it."""
    spec = spec_of(name, size, head)
    torch.manual_seed(0)
    return build(spec).eval(), torch.randn(1, spec.channels, size, size)
