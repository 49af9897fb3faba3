"""Combiners: ways to make one answer of several, as values that can be kept."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from leanlung.ensembles import combining
from leanlung.foundations.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SUM_TOLERANCE = 1e-6
_ROUNDING = 1e-12


class Combiner(Protocol):
    """A way to make one answer of several: a dataclass whose fields are its parameters."""

    name: ClassVar[str]
    """As `COMBINERS` knows it."""

    def combine(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Make (models, studies, classes) into (studies, classes), rows summing to one."""

    def require_fit(self, members: int, classes: int) -> None:
        """Refuse another number of members or classes than it is for."""


@dataclass(frozen=True)
class Vote:
    """Every member has one vote; the mean of the probabilities breaks ties."""

    name: ClassVar[str] = "vote"

    def combine(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Count votes, as `leanlung.ensembles.combining.vote`."""
        return combining.vote(probabilities)

    def require_fit(self, members: int, classes: int) -> None:
        """Take any number of members and classes."""


@dataclass(frozen=True)
class Mean:
    """The mean of the members' probabilities."""

    name: ClassVar[str] = "mean"

    def combine(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Average, as `leanlung.ensembles.combining.mean`."""
        return combining.mean(probabilities)

    def require_fit(self, members: int, classes: int) -> None:
        """Take any number of members and classes."""


@dataclass(frozen=True)
class Weighted:
    """The mean of the members' probabilities under weights chosen on validation.

    Attributes:
        weights: One a member, in [0, 1], summing to one.
        chosen_by: ``log_loss``, ``published``, a metric, or ``given``.

    Raises:
        UsageError: If a weight is no share, or they do not sum to one within 1e-6.
    """

    weights: tuple[float, ...]
    chosen_by: str = "given"
    name: ClassVar[str] = "weighted"

    def __post_init__(self) -> None:
        weights = tuple(map(float, self.weights))
        total = math.fsum(weights)
        shares = all(0.0 <= one <= 1.0 for one in weights)
        if not shares or not abs(total - 1.0) <= _SUM_TOLERANCE:
            msg = (
                f"weights {list(weights)}, which sum to {total:g}; shares in [0, 1] that sum "
                "to one are expected"
            )
            raise UsageError(msg)
        if abs(total - 1.0) > _ROUNDING:  # so that what is kept comes back to the same bits
            weights = tuple(one / total for one in weights)
        object.__setattr__(self, "weights", weights)

    def combine(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Average, as `leanlung.ensembles.combining.weighted`."""
        return combining.weighted(probabilities, self.weights)

    def require_fit(self, members: int, classes: int) -> None:  # noqa: ARG002 - any classes
        """Refuse another number of members.

        Raises:
            UsageError: If there is not one weight a member.
        """
        if members != len(self.weights):
            msg = (
                f"{len(self.weights)} weights for {members} members; one for each is expected, "
                "in their order"
            )
            raise UsageError(msg)
