"""APoZ: the share of places at which a unit is silent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Apoz:
    """Score ``1 - APoZ``, where APoZ is the average percentage of zeros of a unit.

    APoZ is the share of images and places at which the activation is not above zero. It is
    high for units worth little, so it is turned round: 0 for a unit that never fires, 1 for
    one that always does. For activations without exact zeros (GELU, SiLU, leaky ReLU), "not
    above zero" stands for "zero".

    Source: Hu et al. 2016 (Network Trimming); Rajaraman et al. 2020, section II-E.
        Differs from them: the paper ranks on the validation part and its code on the test
        part; which images are used here is the caller's choice, and recipes use training
        images. Neither says what to do with units that never pass an activation; for those see
        `leanlung.pruning.scores.readers`.
    """

    name: str = "apoz"
    highest: float = 1.0

    def tally(self) -> FiringTally:
        """Start counting at one place."""
        return FiringTally()


@dataclass
class FiringTally:
    """Counts the places at which each channel is above zero.

    Whole numbers, so that the result does not depend on how images are batched.
    """

    fired: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.int64))
    places: int = 0

    def add(self, activation: Tensor) -> None:
        """Count a batch, (N, C, ...)."""
        self.fired = self.fired + count_positive(activation)
        self.places += activation.numel() // activation.shape[1]

    def value(self) -> Tensor:
        """Give the share of places above zero, (C,), in [0, 1]."""
        return self.fired.double() / self.places


def count_positive(activation: Tensor) -> Tensor:
    """Count the positive values of each channel.

    Args:
        activation: (N, C, ...).

    Returns:
        Counts, (C,), int64 on the CPU.
    """
    positive = activation > 0
    if positive.device.type != "cpu":
        return count_rows(positive).cpu()
    # numpy counts the true bytes of a row some 30 times faster than torch sums booleans.
    rows = positive.contiguous().numpy().reshape(*positive.shape[:2], -1)  # (N, C, places)
    counts = [[np.count_nonzero(row) for row in image] for image in rows]
    return torch.from_numpy(np.asarray(counts, dtype=np.int64).sum(axis=0))


def count_rows(positive: Tensor) -> Tensor:
    """Count what is true for each channel of (N, C, ...), where the tensor lies."""
    return positive.transpose(0, 1).flatten(1).sum(dim=1)
