"""Intact: whether the numbers of a stored classifier belong together.

scikit-learn follows the places that a tree or a machine names without looking whether they
are there; a changed file could lead it anywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.features.plan import KERNELS

if TYPE_CHECKING:
    from leanlung.features.classifier import FeatureClassifier


def require_intact(classifier: FeatureClassifier) -> None:
    """Refuse a classifier whose numbers contradict each other.

    Raises:
        ValueError: Saying which.
    """
    model, kind = classifier.model, classifier.kind
    name = type(model).__name__
    if _ESTIMATORS.get(kind) != name:
        msg = f"kind {kind!r} with an estimator {name}"
        raise ValueError(msg)
    wanted = [int, int, bool]
    given = [classifier.classes, classifier.features, classifier.converged]
    if [type(one) for one in given] != wanted or classifier.classes < 2:
        msg = f"{given[0]!r} classes, {given[1]!r} features"
        raise ValueError(msg)
    _require(model.n_features_in_ == classifier.features, "features")
    _require(np.array_equal(model.classes_, np.arange(classifier.classes)), "classes")
    if classifier.scaling is not None:
        for held in (classifier.scaling.mean, classifier.scaling.spread):
            _require_array(held, (classifier.features,), "scaling")
        _require(bool((classifier.scaling.spread > 0).all()), "scaling")
    if classifier.calibration is not None:
        value = classifier.calibration.value
        _require(isinstance(value, float) and 0.0 < value < np.inf, "calibration")
    if kind == "forest":
        _require_forest(model, classifier)
    elif kind == "logistic":
        rows = 1 if classifier.classes == 2 else classifier.classes
        _require_array(model.coef_, (rows, classifier.features), "weights")
        _require_array(model.intercept_, (rows,), "intercepts")
    else:
        _require_machine(model, classifier)


_ESTIMATORS = {
    **dict.fromkeys(KERNELS, "SVC"),
    "logistic": "LogisticRegression",
    "forest": "RandomForestClassifier",
}


def _require_machine(model: Any, classifier: FeatureClassifier) -> None:  # noqa: ANN401
    classes = classifier.classes
    pairs = classes * (classes - 1) // 2
    count = len(model.support_vectors_)
    _require(model.kernel == KERNELS[classifier.kind], "kernel")
    _require(model._sparse is False, "kernel")
    _require(np.isfinite(model._gamma) and model._gamma > 0, "gamma")
    _require_array(model.support_vectors_, (count, classifier.features), "support vectors")
    for name in ("dual_coef_", "_dual_coef_"):
        _require_array(getattr(model, name), (classes - 1, count), "coefficients")
    for name in ("intercept_", "_intercept_"):
        _require_array(getattr(model, name), (pairs,), "intercepts")
    _require(model.support_.shape == (count,), "support")
    counts = model._n_support
    _require(
        counts.shape == (classes,) and bool((counts >= 0).all()) and counts.sum() == count,
        "support",
    )


def _require_forest(model: Any, classifier: FeatureClassifier) -> None:  # noqa: ANN401
    _require(len(model.estimators_) > 0, "trees")
    _require(model.n_classes_ == classifier.classes and model.n_outputs_ == 1, "trees")
    for one in model.estimators_:
        tree = one.tree_
        count = tree.node_count
        places = np.arange(count)
        parting = tree.children_left != -1
        _require(count > 0 and type(one).__name__ == "DecisionTreeClassifier", "trees")
        _require(one.n_features_in_ == tree.n_features == classifier.features, "trees")
        _require_array(tree.value, (count, 1, classifier.classes), "trees")
        _require(
            len(places) == len(parting) == len(tree.children_right) == len(tree.feature),
            "trees",
        )
        for children in (tree.children_left, tree.children_right):
            onwards = (children > places) & (children < count)  # and so never in a circle
            _require(bool(onwards[parting].all()), "trees")
        read = tree.feature[parting]
        _require(bool(((read >= 0) & (read < classifier.features)).all()), "trees")


def _require(fits: bool, what: str) -> None:
    if not fits:
        msg = f"its {what} do not fit the rest"
        raise ValueError(msg)


def _require_array(array: Any, shape: tuple[int, ...], what: str) -> None:  # noqa: ANN401
    is_one = isinstance(array, np.ndarray) and array.dtype.kind == "f"
    _require(is_one and array.shape == shape and bool(np.isfinite(array).all()), what)
