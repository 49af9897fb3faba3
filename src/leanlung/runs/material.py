"""Material: the images a network is scored, fitted and judged on, and where that happens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import torch

from leanlung.evaluation import probabilities, validation_metrics
from leanlung.pixels import ImageSet, standardise, unit_range

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from leanlung.foundations.seeds import Seeds
    from leanlung.pixels import PixelStatistics

BATCH = 32
"""Images that are scored, or counted statistics on, at once."""


@dataclass(frozen=True)
class InOrder:
    """Standardised batches of an image set, in its order; can be gone through again.

    Attributes:
        images: Which.
        statistics: They are standardised by.
        channels: Of the network's input.
        device: Where they are put.
    """

    images: ImageSet
    statistics: PixelStatistics
    channels: int
    device: torch.device

    def __iter__(self) -> Iterator[Tensor]:
        """Give (N, channels, S, S)."""
        for places in torch.arange(len(self.images)).split(BATCH):
            batch = unit_range(self.images.take(places)).to(self.device)
            yield standardise(batch, self.statistics, self.channels).contiguous()


@dataclass(frozen=True)
class Material:
    """What rounds of pruning work on; it knows no test part.

    Attributes:
        train: Images to score and to learn from.
        validation: Images to choose on.
        statistics: Images are standardised by them.
        channels: Of the network's input.
        device: Where networks run.
    """

    train: ImageSet
    validation: ImageSet
    statistics: PixelStatistics
    channels: int
    device: torch.device

    @property
    def image(self) -> Tensor:
        """A black image as the network takes it, (1, channels, S, S), on the device."""
        size = self.train.images.shape[1:]
        return torch.zeros(1, self.channels, *size, device=self.device)

    def predict(self, network: nn.Module, images: ImageSet) -> NDArray[np.float64]:
        """Give a network's probabilities."""
        return probabilities(network, images, self.statistics, self.channels, self.device)

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Measure a network on the validation part."""
        found = self.predict(network, self.validation)
        return validation_metrics(self.validation.labels.numpy(), found)

    def in_order(self, images: ImageSet) -> InOrder:
        """Give standardised images, in their order, as often as they are asked for."""
        return InOrder(images, self.statistics, self.channels, self.device)

    def some(self, count: int, seeds: Seeds) -> ImageSet:
        """Draw some images of the training part, without replacement; 0 is all, in order."""
        if not 0 < count < len(self.train):
            return self.train
        order = torch.from_numpy(seeds.generator("images").permutation(len(self.train)))
        places = order[:count]
        return replace(
            self.train, rows=self.train.rows[places], labels=self.train.labels[places]
        )

    def batches(
        self,
        count: int,
        seeds: Seeds,
        part: Literal["train", "validation"] = "train",
        at_once: int = BATCH,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Give standardised images, as they are, with labels.

        Args:
            count: How many; 0 is all.
            seeds: Of the step; they draw which, and their order.
            part: Whose images.
            at_once: Images of a batch.
        """
        images = self.train if part == "train" else self.validation
        order = seeds.generator("images").permutation(len(images))
        for places in torch.from_numpy(order[: count or len(images)]).split(at_once):
            batch = unit_range(images.take(places)).to(self.device)
            inputs = standardise(batch, self.statistics, self.channels)
            yield inputs.contiguous(), images.labels[places]
