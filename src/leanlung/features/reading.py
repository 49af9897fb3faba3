"""A feature reader: a network of features and its classifier, as one network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from leanlung.foundations.errors import NetworkError

if TYPE_CHECKING:
    from torch import Tensor

    from leanlung.features.classifier import FeatureClassifier


class FeatureReader(nn.Module):
    """Answers images as a network with logits does, so that what measures one measures this.

    The classifier computes on the CPU, in float64. No gradient flows through it.

    Attributes:
        network: Images to features, (N, M).
        classifier: Reads some of them.
        columns: Which, in the classifier's order.

    Raises:
        NetworkError: If there are not as many columns as the classifier reads, or one is
            negative or named twice.
    """

    def __init__(
        self, network: nn.Module, classifier: FeatureClassifier, columns: tuple[int, ...]
    ) -> None:
        super().__init__()
        self.network = network
        self.classifier = classifier
        self.columns = tuple(int(one) for one in columns)
        alone = len(set(self.columns)) == len(self.columns)
        if len(self.columns) != classifier.features or not alone or min(self.columns) < 0:
            msg = (
                f"{len(self.columns)} columns, {len(set(self.columns))} of them different, for "
                f"a classifier that reads {classifier.features}; give the index of each of its "
                "features, in its order"
            )
            raise NetworkError(msg)

    def forward(self, images: Tensor) -> Tensor:
        """Answer images.

        Args:
            images: Standardised, (N, channels, size, size).

        Returns:
            Log-probabilities, (N, classes), float64, on the images' device; their softmax is
            what the classifier's `probabilities` gives.

        Raises:
            NetworkError: If a gradient by the images is asked for, or the network gives
                anything but (N, M) features with all columns in them.
            TrainingError: If a feature is not finite.
        """
        if images.requires_grad:
            msg = (
                f"no gradient flows through a {self.classifier.kind} classifier; ask the "
                "network of features for it, or use what needs none"
            )
            raise NetworkError(msg)
        with torch.no_grad():
            features = self.network(images)
        if features.ndim != 2 or features.shape[1] <= max(self.columns):
            msg = (
                f"the network gives features of shape {tuple(features.shape)}; (images, at "
                f"least {max(self.columns) + 1}) is expected: build it with output = 'features'"
            )
            raise NetworkError(msg)
        chosen = features[:, list(self.columns)].float().cpu().numpy()
        logs = self.classifier.log_probabilities(np.ascontiguousarray(chosen))
        return torch.from_numpy(logs).to(images.device)
