"""Variance: how much a unit's activation varies over images and places; zero is exact."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from leanlung.pruning.scores.rows import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

_BLOCK = 2**18
"""Values looked at together: a megabyte, so that the second look finds them in the cache."""


@dataclass(frozen=True)
class Variance:
    """Variance of a unit's activation over images and places.

    ``mean (a - mean a)^2`` over all values ``a`` of one channel; in [0, inf). It is exactly 0
    for a unit whose values are all the same, whatever the value and the number of images, and
    above 0 for one that differs anywhere by its last bit. It has the squared scale of its
    layer's activations.

    Source: García-Ramírez et al. 2023, section IV: units with ``variance = 0`` are
        removed. Differs: their code averages the variances of 200 parts of the data and
        compares the rounded result with 0; here smallest and largest value decide, so neither
        rounding nor the order of images matters. Removing what is constant without changing
        any answer is another matter: see `leanlung.pruning.exact`.
    """

    name: str = "variance"
    highest: float = torch.inf

    def tally(self) -> VarianceTally:
        """Start counting at one place."""
        return VarianceTally()


@dataclass
class VarianceTally:
    """Keeps the extremes, the mean and the squared deviations of each channel.

    Rows are centred before they are squared, and merged in double precision, so that a small
    variance beside a large mean is not rounded away. Source: Chan et al. 1983 (Algorithms for
    computing the sample variance): the corrected two-pass algorithm and the merging of parts.
    """

    low: Tensor = field(default_factory=lambda: torch.tensor(torch.inf))
    high: Tensor = field(default_factory=lambda: torch.tensor(-torch.inf))
    mean: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64))
    squares: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64))
    places: int = 0

    def add(self, activation: Tensor) -> None:
        """Count a batch, (N, C, ...)."""
        rows = rows_of(activation)
        self.low = torch.minimum(self.low, rows.amin(dim=(0, 2)).cpu())
        self.high = torch.maximum(self.high, rows.amax(dim=(0, 2)).cpu())
        means, squares = _centred(rows)
        width = rows.shape[2]
        mean = means.mean(dim=0)
        inside = squares.sum(dim=0) + width * (means - mean).square().sum(dim=0)
        more = len(rows) * width
        step, together = mean - self.mean, self.places + more
        self.mean = self.mean + step * (more / together)
        between = step.square() * (self.places * more / together)
        self.squares = self.squares + inside + between
        self.places = together

    def value(self) -> Tensor:
        """Give the variance, (C,), in [0, inf).

        With range r and n values, any variance lies in ``[r^2 / 2n, r^2 / 4]``; rounding is
        not allowed to leave that, which makes it 0 where and only where the range is.
        """
        range_ = self.high.double() - self.low.double()
        least = range_.square() / (2 * self.places)
        least = least.clamp(min=torch.finfo(torch.float64).tiny).where(range_ > 0, 0.0)
        found = (self.squares / self.places).minimum(range_.square() / 4).maximum(least)
        return torch.where(range_.isnan(), torch.nan, found)

    def constant(self) -> Tensor:
        """Give the value of each channel that never varies, (C,), NaN for those that do."""
        return self.low.double().where(self.low == self.high, torch.nan)


def _centred(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Give the mean of every row and its squared deviations from it, (N, C) each, float64."""
    width = rows.shape[2]
    near = rows.sum(dim=2) / width  # rounded; what it is off by is put right below
    off = torch.zeros_like(near)
    squares = torch.zeros_like(near)
    for images, channels, places in _blocks(rows):
        centred = rows[images, channels, places] - near[images, channels].unsqueeze(2)
        off[images, channels] += centred.sum(dim=2)
        squares[images, channels] += centred.square_().sum(dim=2)
    by = off.cpu().double() / width
    return near.cpu().double() + by, (squares.cpu().double() - width * by.square()).clamp(min=0)


def _blocks(rows: Tensor) -> Iterator[tuple[slice, slice, slice]]:
    """Part (N, C, places) into blocks that fit a cache, along what lies together in memory."""
    images, channels, width = rows.shape
    if rows.device.type != "cpu":
        yield slice(None), slice(None), slice(None)
        return
    several = max(_BLOCK // (channels * width), 1)
    inner = width if rows.stride(2) == 1 else channels
    outer = channels if rows.stride(2) == 1 else width
    step = max(_BLOCK // inner, 1)
    for first in range(0, images, several):
        for start in range(0, outer, step):
            part = slice(start, start + step)
            cut = (part, slice(None)) if rows.stride(2) == 1 else (slice(None), part)
            yield slice(first, first + several), *cut
