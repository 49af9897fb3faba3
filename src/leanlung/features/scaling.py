"""Scaling: features brought to mean zero and standard deviation one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Scaling:
    """Mean and standard deviation of every feature of a training part.

    Attributes:
        mean: Shape (F,).
        spread: Shape (F,), above 0; 1 where a feature is constant.
    """

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]

    @classmethod
    def of(cls, features: Floats) -> Scaling:
        """Take mean and standard deviation, over all N, in float64.

        Args:
            features: Shape (N, F).
        """
        mean = features.mean(axis=0, dtype=np.float64)
        spread = np.empty_like(mean)
        for start in range(0, len(mean), 256):  # without a float64 copy of the whole matrix
            some = slice(start, start + 256)
            spread[some] = np.sqrt(np.square(features[:, some] - mean[some]).mean(axis=0))
        varies = (features.min(axis=0) != features.max(axis=0)) & (spread > 0.0)
        return cls(mean, np.where(varies, spread, 1.0))

    def __call__(self, features: Floats) -> NDArray[np.float64]:
        """Standardise features, (N, F)."""
        return np.asarray((features - self.mean) / self.spread, dtype=np.float64)

    def of_columns(self, columns: NDArray[np.int64]) -> Scaling:
        """Give the scaling of some columns, in their order."""
        return Scaling(self.mean[columns], self.spread[columns])


def columns_of(
    features: Floats, columns: NDArray[np.int64], scaling: Scaling | None
) -> NDArray[np.float64]:
    """Take some columns of (N, F) features, standardised where there is a scaling."""
    found = features[:, columns]
    if scaling is not None:
        return scaling.of_columns(columns)(found)
    return found.astype(np.float64)
