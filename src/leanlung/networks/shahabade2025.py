"""The CT network of Shahabade & Londhe 2025: five convolutions, three branches, one logit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

WIDTHS = (64, 128, 256, 512, 512)
BRANCHES, SCORES, HIDDEN = 3, 3, 1024
SLOPE = 0.3
"""Of the leaky ReLU below zero: keras's default; the paper gives none."""

Scales = tuple["Tensor", ...]


def shahabade2025_trunk(channels: int) -> nn.Module:
    """Make the trunk: 3 x 3 convolution, BatchNorm, leaky ReLU and pooling, five times.

    Args:
        channels: Of the input; theirs is grey.

    Returns:
        Images to three tensors of 512 maps: behind the fourth pooling, behind the fifth
        activation, behind the fifth pooling.

    Source: Shahabade & Londhe 2025. The paper prints no layers; these are the only plain ones
        found that give all five integers of its Table 1. Which three tensors the branches
        read is not determined by them.
    """
    return _Shahabade2025Trunk(channels)


def shahabade2025_head(classes: int, dropout: float) -> nn.Module:
    """Make the head: three score maps a branch, the largest of each, two dense layers.

    Args:
        classes: Two are told apart by one logit z, given as (-z / 2, z / 2), whose softmax is
            the sigmoid of z; more get a logit each. With two classes and grey images the whole
            network has 3,928,458 trainable parameters and 2,944 BatchNorm statistics.
        dropout: Share of hidden features dropped while training; the paper gives none.

    Returns:
        Three tensors of maps to logits, (N, classes).
    """
    return _Shahabade2025Head(classes, dropout)


class _Shahabade2025Trunk(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.steps = nn.ModuleList()
        self.pools = nn.ModuleList()
        for width in WIDTHS:
            step = nn.Sequential(
                nn.Conv2d(channels, width, 3, padding=1),
                nn.BatchNorm2d(width),
                nn.LeakyReLU(SLOPE),
            )
            self.steps.append(step)
            self.pools.append(nn.MaxPool2d(2))
            channels = width

    def forward(self, images: Tensor) -> Scales:
        given = []
        for step, pool in zip(self.steps, self.pools, strict=True):
            fired = step(images)
            images = pool(fired)
            given += [fired, images]
        return tuple(given[-BRANCHES:])


class _Shahabade2025Head(nn.Module):
    def __init__(self, classes: int, dropout: float) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(WIDTHS[-1], SCORES, 1),
                nn.LeakyReLU(SLOPE),
                nn.AdaptiveMaxPool2d(1),
                nn.Flatten(),
            )
            for _ in range(BRANCHES)
        )
        self.hidden = nn.Linear(BRANCHES * SCORES, HIDDEN)
        self.act = nn.LeakyReLU(SLOPE)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(HIDDEN, 1 if classes == 2 else classes)

    def forward(self, scales: Scales) -> Tensor:
        pairs = zip(self.branches, scales, strict=True)
        scores = torch.cat([branch(maps) for branch, maps in pairs], dim=1)
        logits: Tensor = self.output(self.dropout(self.act(self.hidden(scores))))
        if self.output.out_features > 1:
            return logits
        return torch.cat([logits * -0.5, logits * 0.5], dim=1)
