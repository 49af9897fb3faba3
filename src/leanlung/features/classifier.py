"""A feature classifier: what reads the chosen features and answers in probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.features.checking import require_classes, require_features, require_finite
from leanlung.features.estimators import estimator, fit, scores_of, too_large
from leanlung.features.scaling import Scaling
from leanlung.foundations.errors import TrainingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from leanlung.features.plan import FeaturePlan
    from leanlung.statistics.temperature import Temperature

    Floats = NDArray[np.floating[Any]]
    Numbers = NDArray[np.int64]

_TREE_NODE = 4
"""Numbers of a node that parts: its feature, its threshold, and where either side goes on."""


@dataclass(frozen=True, eq=False)
class FeatureClassifier:
    """A fitted classifier of features.

    The answer is always the class with the highest score. With three classes or more
    scikit-learn's own `SVC.predict` gives the first of the classes that beat equally many
    others; here the one that does so most clearly, as with its ``break_ties=True``.

    Attributes:
        kind: As in the plan.
        classes: How many it tells apart.
        features: Columns it reads, in the order in which it learnt them.
        model: The fitted estimator of scikit-learn.
        scaling: What features are standardised by; None where they are read as they are.
        calibration: The temperature that `calibrate` found; None before.
        converged: Whether the solver came to its end when it was fitted.
    """

    kind: str
    classes: int
    features: int
    model: Any
    scaling: Scaling | None = None
    calibration: Temperature | None = None
    converged: bool = True

    def scores(self, features: Floats) -> NDArray[np.float64]:
        """Score images.

        Args:
            features: Shape (N, F), in the order of training.

        Returns:
            (N, classes), finite; see `estimators.scores_of` for what they are.

        Raises:
            TrainingError: If there are other columns than it reads, or a number is not finite.
        """
        if features.ndim != 2 or features.shape[1] != self.features:
            msg = (
                f"features of shape {features.shape} for a classifier that reads "
                f"{self.features}; give (images, {self.features}), the columns it learnt from"
            )
            raise TrainingError(msg)
        if not len(features):
            return np.zeros((0, self.classes))
        require_finite(features, "images to answer")
        return scores_of(self.model, _read(features, self.scaling))

    def predict(self, features: Floats) -> Numbers:
        """Give the class of the highest score, (N,); of equal ones the first."""
        return np.asarray(self.scores(features).argmax(axis=1), dtype=np.int64)

    def log_probabilities(self, features: Floats) -> NDArray[np.float64]:
        """Give logarithms of `probabilities`, (N, classes)."""
        scores = self.scores(features)
        if self.calibration is not None:
            scores = scores / self.calibration.value
        scores = scores - scores.max(axis=1, keepdims=True)
        logs: NDArray[np.float64] = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return logs

    def probabilities(self, features: Floats) -> NDArray[np.float64]:
        """Answer images.

        Args:
            features: Shape (N, F), in the order of training.

        Returns:
            (N, classes), rows summing to one: the softmax of the scores, at the temperature of
            the calibration. Without one a machine's are a ranking rather than chances.

        Raises:
            TrainingError: As `scores`.
        """
        return np.asarray(np.exp(self.log_probabilities(features)))

    @property
    def support_vectors(self) -> int:
        """How many training images a machine keeps; 0 for other classifiers."""
        return len(getattr(self.model, "support_vectors_", ()))

    @property
    def numbers(self) -> int:
        """How many numbers must be stored to answer.

        Support vectors, their coefficients and intercepts; weights and intercepts; or of every
        tree four numbers a parting node and one a class of a leaf. With them two a feature
        where features are scaled, and the temperature.
        """
        model = self.model
        if self.kind == "forest":
            own = sum(_numbers_of_tree(one.tree_, self.classes) for one in model.estimators_)
        elif self.kind == "logistic":
            own = model.coef_.size + model.intercept_.size
        else:
            own = model.support_vectors_.size + model.dual_coef_.size + model.intercept_.size
        scaled = 0 if self.scaling is None else 2 * self.features
        return int(own) + scaled + (self.calibration is not None)

    def describe(self) -> dict[str, Any]:
        """Tell what it is and how large, ready for JSON."""
        from leanlung.features.storing import bytes_of

        return {
            "kind": self.kind,
            "classes": self.classes,
            "features": self.features,
            "support_vectors": self.support_vectors,
            "numbers": self.numbers,
            "bytes": bytes_of(self),
            "scaled": self.scaling is not None,
            "converged": self.converged,
            "calibration": None if self.calibration is None else self.calibration.as_dict(),
        }


def fit_classifier(
    features: Floats, labels: Numbers, classes: int, plan: FeaturePlan, seed: int
) -> FeatureClassifier:
    """Fit the classifier of a plan.

    Args:
        features: Shape (N, F), of the training part: the chosen columns, best first.
        labels: Shape (N,), in [0, classes).
        classes: How many there are; each has an image.
        plan: Says which classifier.
        seed: Of a forest; the same one gives the same trees.

    Raises:
        TrainingError: If a class has no image, a feature is not finite, or kernels leave the
            range of the solver's numbers.
    """
    require_features(features, labels, "training part")
    require_classes(labels, classes)
    scaling = Scaling.of(features) if plan.scale else None
    read = _read(features, scaling)
    if plan.kernel is not None:
        variance = float(read.var()) or 1.0
        gamma = 1.0 / (read.shape[1] * (variance if plan.gamma == "scale" else 1.0))
        longest = float(np.square(read).sum(axis=1).max())
        if problem := too_large(plan, gamma, longest, read.shape[1]):
            raise TrainingError(problem)
    model = estimator(plan, len(labels), seed)
    converged = fit(model, read, labels)
    return FeatureClassifier(
        plan.classifier, classes, features.shape[1], model, scaling, None, converged
    )


def _read(features: Floats, scaling: Scaling | None) -> NDArray[np.float64]:
    if scaling is not None:
        return scaling(features)
    return np.ascontiguousarray(features, dtype=np.float64)


def _numbers_of_tree(tree: Any, classes: int) -> int:  # noqa: ANN401 - of scikit-learn
    leaves = int((tree.children_left == -1).sum())
    return _TREE_NODE * (int(tree.node_count) - leaves) + classes * leaves
