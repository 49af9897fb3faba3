"""Kernels: Gram matrices that grow by columns instead of being made anew for every count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.features.estimators import too_large
from leanlung.features.scaling import columns_of
from leanlung.foundations.errors import TrainingError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from leanlung.features.plan import FeaturePlan
    from leanlung.features.scaling import Scaling

    Floats = NDArray[np.floating[Any]]
    Matrix = NDArray[np.float64]

_FEW = 8
"""Up to so many columns are added one by one, which moves each entry once for each of them."""

_ROWS = 64
"""Worked on together: they stay in the processor's cache from product to power."""


def memory_of(train: int, validation: int) -> float:
    """Estimate what the kernels of a search take, in GiB.

    Two float64 matrices, products and kernel, of training by training and of validation by
    training images, and the solver's own rows in float32.

    Args:
        train: Images to learn from.
        validation: Images to choose on.
    """
    return (2 * 8 * (train**2 + validation * train) + 4 * train**2) / 2**30


def require_memory(train: int, validation: int, plan: FeaturePlan) -> None:
    """Refuse a search whose kernels would not fit.

    Raises:
        UsageError: With the estimate, the limit and what to do.
    """
    needed = memory_of(train, validation)
    if needed > plan.memory:
        msg = (
            f"the kernels of {train} training and {validation} validation images take "
            f"{needed:.2g} GiB; memory allows {plan.memory:g}: raise it, take fewer images, or "
            "set classifier = 'logistic', which needs none"
        )
        raise UsageError(msg)


class Kernels:
    """Kernels of the first columns of a ranking, for as many as are wanted in turn.

    Inner products are sums over columns: those of k + 1 features are those of k and one product
    more. A kernel is a function of them, so its powers and exponentials alone are taken anew.
    Columns are only ever added; taking them off again would leave rounding behind.

    Attributes:
        count: How many columns are in.
    """

    def __init__(
        self,
        train: Floats,
        validation: Floats,
        order: NDArray[np.int64],
        scaling: Scaling | None,
        plan: FeaturePlan,
    ) -> None:
        self.count = 0
        self._parts = (train, validation)
        self._order = order
        self._scaling = scaling
        self._plan = plan
        rows = (len(train), len(validation))
        self._products = [np.zeros((n, len(train))) for n in rows]
        self._kernels = [np.zeros((n, len(train))) for n in rows]
        self._lengths = [np.zeros(n) for n in rows]
        self._means = np.zeros(len(order))
        self._spreads = np.zeros(len(order))

    def of(self, count: int) -> tuple[Matrix, Matrix]:
        """Give the kernels of the first columns; those in already are not added again.

        Args:
            count: How many; asked in rising order it costs least.

        Returns:
            (train, train) and (validation, train), valid until the next call.

        Raises:
            TrainingError: If a value is too large for the solver.
        """
        if count < self.count:
            self.count = 0
            for held in (*self._products, *self._lengths):
                held.fill(0.0)
        self._grow(count)
        return self._now()

    def _grow(self, count: int) -> None:
        from scipy.linalg.blas import dger

        while self.count < count:
            chosen = slice(self.count, min(count, self.count + 128))
            own, other = (
                columns_of(part, self._order[chosen], self._scaling) for part in self._parts
            )
            self._means[chosen] = own.mean(axis=0)
            self._spreads[chosen] = own.var(axis=0)
            for columns, products, kernel, lengths in zip(
                (own, other), self._products, self._kernels, self._lengths, strict=True
            ):
                lengths += np.square(columns).sum(axis=1)
                if own.shape[1] <= _FEW:
                    # In Fortran's order the transposed matrix lies as BLAS wants it.
                    for ours, theirs in zip(own.T.copy(), columns.T.copy(), strict=True):
                        dger(1.0, ours, theirs, a=products.T, overwrite_a=True)
                else:
                    np.matmul(columns, own.T, out=kernel)
                    products += kernel
            self.count = chosen.stop

    def _now(self) -> tuple[Matrix, Matrix]:
        gamma = self._gamma()
        problem = too_large(self._plan, gamma, float(self._lengths[0].max()), self.count)
        if problem:
            raise TrainingError(problem)
        for products, kernel, lengths in zip(
            self._products, self._kernels, self._lengths, strict=True
        ):
            for start in range(0, len(kernel), _ROWS):
                rows = slice(start, start + _ROWS)
                self._apply(products[rows], lengths[rows], gamma, kernel[rows])
        own, other = self._kernels
        return own, other

    def _gamma(self) -> float:
        """Give gamma as scikit-learn sets it."""
        if self._plan.gamma == "auto":
            return 1.0 / self.count
        means, spreads = self._means[: self.count], self._spreads[: self.count]
        variance = float(spreads.mean() + means.var())  # of all entries together
        return 1.0 / (self.count * variance) if variance else 1.0

    def _apply(self, products: Matrix, lengths: Matrix, gamma: float, kernel: Matrix) -> None:
        match self._plan.kernel:
            case "poly":
                np.multiply(products, gamma, out=kernel)
                _power(kernel, self._plan.degree)
            case "rbf":
                np.multiply(products, -2.0, out=kernel)
                kernel += lengths[:, np.newaxis]
                kernel += self._lengths[0]
                np.maximum(kernel, 0.0, out=kernel)
                kernel *= -gamma
                np.exp(kernel, out=kernel)
            case _:
                kernel[:] = products


def _power(matrix: Matrix, degree: int) -> None:
    """Raise to a whole power in place; products of products, as numpy's own is far slower."""
    base = matrix.copy()
    for digit in bin(degree)[3:]:
        np.multiply(matrix, matrix, out=matrix)
        if digit == "1":
            np.multiply(matrix, base, out=matrix)
