"""Estimators: the classifiers of scikit-learn that a plan can ask for, and fitting them."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.foundations.errors import TrainingError
from leanlung.foundations.seeds import Seeds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from leanlung.features.plan import FeaturePlan

LARGEST_KERNEL = 1e30
"""The solver keeps kernels in float32, and multiplies them."""

LEAST = 1e-12
"""Probabilities below count as this much, so that their logarithm is a number."""

_STEPS, _STEPS_AN_IMAGE = 100_000, 25
_LOGISTIC_STEPS = 1000


def estimator(plan: FeaturePlan, images: int, seed: int, *, made: bool = False) -> Any:  # noqa: ANN401 - of scikit-learn
    """Make the unfitted classifier of a plan.

    Args:
        plan: Says which.
        images: Of the training part.
        seed: Of a forest; nothing else here is random.
        made: Whether kernels will be given instead of features.
    """
    weights = None if plan.class_weights == "none" else plan.class_weights
    if plan.classifier == "logistic":
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(
            C=plan.penalty, class_weight=weights, max_iter=_LOGISTIC_STEPS
        )
    if plan.classifier == "forest":
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(
            plan.trees, class_weight=weights, random_state=Seeds(seed).number("forest") % 2**32
        )
    from sklearn.svm import SVC

    return SVC(
        C=plan.penalty,
        kernel="precomputed" if made else plan.kernel,
        degree=plan.degree,
        gamma=plan.gamma,
        class_weight=weights,
        max_iter=max(_STEPS, _STEPS_AN_IMAGE * images),
        cache_size=min(1000.0, 50.0 + 4 * images**2 / 2**20),
    )


def fit(
    unfitted: Any,  # noqa: ANN401 - of scikit-learn
    features: NDArray[np.float64],
    labels: NDArray[np.int64],
) -> bool:
    """Fit in place.

    Returns:
        Whether the solver came to its end. One stopped before has an answer too, only not the
        best one; features of very different sizes do that, which scaling cures.

    Raises:
        TrainingError: If the solver's numbers ran out of range.
    """
    from sklearn import config_context
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings(record=True) as told, config_context(assume_finite=True):
        warnings.simplefilter("always")
        try:
            unfitted.fit(features, labels)
        except ValueError as error:
            msg = f"the classifier cannot be fitted ({error}); set scale = true"
            raise TrainingError(msg) from error
    for one in told:
        if not issubclass(one.category, ConvergenceWarning):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return not any(issubclass(one.category, ConvergenceWarning) for one in told)


def scores_of(fitted: Any, given: NDArray[np.float64]) -> NDArray[np.float64]:  # noqa: ANN401 - of scikit-learn
    """Give the scores of a fitted classifier.

    Args:
        fitted: Of scikit-learn.
        given: Features (N, F), or kernels (N, images learnt from).

    Returns:
        (N, classes), all finite. Of two classes minus and plus half the decision value, whose
        softmax is the sigmoid of that value. Of more, for a machine how many other classes each
        one beats, plus or minus less than a third for how clearly; for a regression its linear
        functions. For a forest log-probabilities.
    """
    from sklearn import config_context

    with config_context(assume_finite=True):
        if not hasattr(fitted, "decision_function"):
            found = np.asarray(fitted.predict_proba(given), dtype=np.float64)
            return np.asarray(np.log(np.maximum(found, LEAST)))
        values = np.asarray(fitted.decision_function(given), dtype=np.float64)
    if values.ndim == 1:
        return np.stack([-values / 2, values / 2], axis=1)
    return values


def too_large(plan: FeaturePlan, gamma: float, longest: float, count: int) -> str:
    """Say what is wrong where kernels leave the solver's range; nothing where they do not.

    Args:
        plan: Says which kernel.
        gamma: Its width.
        longest: Largest sum of squares of an image's features: no inner product is larger.
        count: Of the features.
    """
    if plan.kernel not in ("poly", "linear"):
        return ""
    bases = np.float64(longest) * (gamma if plan.kernel == "poly" else 1.0)
    with np.errstate(over="ignore"):
        largest = bases**plan.degree if plan.kernel == "poly" else bases
    if largest <= LARGEST_KERNEL:
        return ""
    return (
        f"the kernel of {count} features reaches {largest:.1g}, above {LARGEST_KERNEL:.0g}; "
        "set scale = true, which brings all features to one size"
    )
