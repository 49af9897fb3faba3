"""A feature plan: everything that decides how features are chosen and who reads them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from leanlung.foundations.counts import Count

Kind = Literal["svm_polynomial", "svm_rbf", "svm_linear", "logistic", "forest"]

KERNELS: dict[str, str] = {
    "svm_polynomial": "poly",
    "svm_rbf": "rbf",
    "svm_linear": "linear",
}
"""What scikit-learn calls the kernels of our support vector machines."""


class FeaturePlan(BaseModel, extra="forbid", frozen=True):
    """How the features of a penultimate layer are chosen, and the classifier that reads them.

    Attributes:
        classifier: A support vector machine with a polynomial, Gaussian (``svm_rbf``) or
            linear kernel, a logistic regression with an L2 penalty, or a random forest.
        degree: Of the polynomial kernel, which is (gamma · x·y) to this power.
        gamma: ``auto`` is one by the number of features, ``scale`` that by their variance too.
        penalty: C of machines and regression: what an error costs; larger fits more closely.
        trees: Of the forest.
        scale: Whether every feature is standardised, with mean and standard deviation of the
            training part, before the classifier reads it. An unscaled polynomial kernel
            answers poorly where features are very small, and slowly where they are very large.
        step: Features added at a time in the coarse search.
        metric: What the validation part decides by. ``accuracy`` and ``balanced_accuracy`` of
            the class with the highest score; ``macro_auc`` of the scores, each class against
            the rest.
        class_weights: ``balanced`` lets every class weigh alike.
        memory: GiB that the kernels of the search may take; more is refused before it starts.

    Source: García-Ramírez et al. 2023, sections IV and V-B: a machine with a polynomial kernel
        of degree 3, gamma ``auto``, the rest as scikit-learn has it, features unscaled, a
        hundred at a time, accuracy.
    """

    classifier: Kind = "svm_polynomial"
    degree: Count = Field(3, ge=1, le=10)
    gamma: Literal["auto", "scale"] = "auto"
    penalty: float = Field(1.0, gt=0.0, le=1e9)
    trees: Count = Field(100, ge=1, le=10_000)
    scale: bool = False
    step: Count = Field(100, ge=1)
    metric: Literal["accuracy", "balanced_accuracy", "macro_auc"] = "accuracy"
    class_weights: Literal["balanced", "none"] = "none"
    memory: float = Field(4.0, gt=0.0, le=1e6)

    @property
    def kernel(self) -> str | None:
        """Name of the kernel in scikit-learn; None for a classifier without one."""
        return KERNELS.get(self.classifier)
