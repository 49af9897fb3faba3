"""Rows: an activation as one row of places for each image and channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


def rows_of(activation: Tensor) -> Tensor:
    """Lay the places of every image and channel in a row.

    Args:
        activation: (N, C, ...), in any memory format; half precision is widened.

    Returns:
        (N, C, places), a view wherever that is possible.
    """
    if activation.dtype not in {torch.float32, torch.float64}:
        activation = activation.float()
    return activation.flatten(2) if activation.ndim > 2 else activation.unsqueeze(2)


def sum_over_images(values: Tensor) -> Tensor:
    """Add up (N, C) in double precision on the CPU, (C,)."""
    return values.cpu().double().sum(dim=0)
