"""An image set: prepared images with labels, as bytes, where the network can reach them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

_WHITE = 255.0


@dataclass(frozen=True)
class ImageSet:
    """Rows of a cache of prepared images.

    Attributes:
        images: All cached images, (M, S, S), uint8; shared between the parts of a split.
        rows: Which of them belong to this set, (N,), int64.
        labels: Class of each, (N,), int64.
    """

    images: Tensor
    rows: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, places: Iterable[int] | Tensor) -> Tensor:
        """Give some images of the set as bytes, (N, 1, S, S), where the cache is."""
        if not isinstance(places, torch.Tensor):
            places = torch.tensor(list(places), dtype=torch.int64)
        return self.images[self.rows[places].to(self.images.device)].unsqueeze(1)

    def resident(self, device: torch.device) -> Self:
        """Give the set with its own images, and no others, on a device."""
        if device == self.images.device:
            return self
        own = self.images[self.rows].to(device)
        return replace(self, images=own, rows=torch.arange(len(self)))


def unit_range(images: Tensor) -> Tensor:
    """Turn bytes into floats in [0, 1]."""
    return images.float() / _WHITE
