"""Feature operations: a classifier on features as tensor operations, for other runtimes."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from leanlung.foundations.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanlung.features import FeatureClassifier

_THIRD = 3.0
"""scikit-learn keeps what is added to a vote below a third on either side."""


class ReadFeatures(nn.Module):
    """A network of features and its classifier, from standardised images to logits.

    It computes in float64 from the features on, as scikit-learn does.
    """

    def __init__(
        self, network: nn.Module, classifier: FeatureClassifier, columns: Sequence[int]
    ) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("columns", torch.tensor(list(columns)))
        mean, spread = np.zeros(classifier.features), np.ones(classifier.features)
        if classifier.scaling is not None:
            mean, spread = classifier.scaling.mean, classifier.scaling.spread
        self.register_buffer("mean", _double(mean))
        self.register_buffer("spread", _double(spread))
        self.scores = scores_of(classifier)
        self.temperature = (
            1.0 if classifier.calibration is None else classifier.calibration.value
        )

    def forward(self, images: Tensor) -> Tensor:
        """Give log-probabilities, (N, classes) float32, for standardised images."""
        features = self.network(images).flatten(1)[:, self.get_buffer("columns")].double()
        scaled = (features - self.get_buffer("mean")) / self.get_buffer("spread")
        scores: Tensor = self.scores(scaled) / self.temperature
        return scores.log_softmax(dim=1).float()


def scores_of(classifier: FeatureClassifier) -> nn.Module:
    """Write the scores of a classifier as tensor operations.

    Args:
        classifier: A support vector machine or a logistic regression.

    Returns:
        (N, F) float64 to (N, classes), what `FeatureClassifier.scores` gives.

    Raises:
        BundleError: If it is of another kind.
    """
    if classifier.kind == "logistic":
        return _Logistic(classifier.model)
    if classifier.kind.startswith("svm_"):
        return _Machine(classifier.model, classifier.classes)
    msg = (
        f"a {classifier.kind} on features cannot be written as tensor operations; export a "
        "bundle whose features.classifier is a support vector machine or 'logistic', or use "
        "this one with `leanlung predict`"
    )
    raise BundleError(msg)


class _Machine(nn.Module):
    """A support vector machine: kernels of the support vectors, then one vote a pair."""

    def __init__(self, model: Any, classes: int) -> None:  # noqa: ANN401 - of scikit-learn
        super().__init__()
        self.register_buffer("vectors", _double(model.support_vectors_))
        self.register_buffer("weights", _double(_weights(model, classes)))
        self.register_buffer("intercepts", _double(model.intercept_))
        self.classes = classes
        self.kernel = str(model.kernel)
        self.gamma = float(model._gamma)
        self.degree, self.addend = int(model.degree), float(model.coef0)

    def forward(self, features: Tensor) -> Tensor:
        decided = self._kernels(features) @ self.get_buffer("weights")
        decided = decided + self.get_buffer("intercepts")
        if self.classes == 2:
            return _of_two(decided)
        return self._votes(decided)

    def _kernels(self, features: Tensor) -> Tensor:
        vectors = self.get_buffer("vectors")
        products = features @ vectors.T
        match self.kernel:
            case "poly":
                base = self.gamma * products + self.addend
                power = base
                for _ in range(self.degree - 1):
                    power = power * base
                return power
            case "rbf":
                lengths = features.square().sum(dim=1, keepdim=True)
                apart = lengths - 2 * products + vectors.square().sum(dim=1)
                return torch.exp(-self.gamma * apart.clamp(min=0.0))
            case _:
                return products

    def _votes(self, decided: Tensor) -> Tensor:
        """One against one, made one score a class, as scikit-learn does for ``ovr``."""
        votes: list[list[Tensor]] = [[] for _ in range(self.classes)]
        clear: list[list[Tensor]] = [[] for _ in range(self.classes)]
        for place, (one, other) in enumerate(combinations(range(self.classes), 2)):
            value = decided[:, place]
            lost = (value < 0).double()
            votes[one].append(1.0 - lost)
            votes[other].append(lost)
            clear[one].append(value)
            clear[other].append(-value)
        columns = []
        for cast, how_clear in zip(votes, clear, strict=True):
            summed = torch.stack(how_clear).sum(dim=0)
            columns.append(
                torch.stack(cast).sum(dim=0) + summed / (_THIRD * (summed.abs() + 1.0))
            )
        return torch.stack(columns, dim=1)


class _Logistic(nn.Module):
    """A logistic regression: its linear functions."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - of scikit-learn
        super().__init__()
        self.register_buffer("weights", _double(np.asarray(model.coef_).T))
        self.register_buffer("intercepts", _double(model.intercept_))

    def forward(self, features: Tensor) -> Tensor:
        values = features @ self.get_buffer("weights") + self.get_buffer("intercepts")
        return _of_two(values) if values.shape[1] == 1 else values


def _of_two(value: Tensor) -> Tensor:
    """Part one decision value, (N, 1), between two classes."""
    return torch.cat([-value / 2, value / 2], dim=1)


def _weights(model: Any, classes: int) -> np.ndarray:  # noqa: ANN401 - of scikit-learn
    """Give the weight of every support vector in every pair, (vectors, pairs).

    libsvm keeps classes - 1 coefficients of each vector: against every other class, in order.
    """
    coefficients = np.asarray(model.dual_coef_)
    if classes == 2:
        return coefficients.T
    whose = np.repeat(np.arange(classes), model.n_support_)
    pairs = list(combinations(range(classes), 2))
    weights = np.zeros((coefficients.shape[1], len(pairs)))
    for place, (one, other) in enumerate(pairs):
        weights[whose == one, place] = coefficients[other - 1, whose == one]
        weights[whose == other, place] = coefficients[one, whose == other]
    return weights


def _double(values: Any) -> Tensor:  # noqa: ANN401 - whatever numpy takes
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float64))
