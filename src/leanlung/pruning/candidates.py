"""A candidate: one network of a pruning run, as far as the validation part knows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from leanlung.networks.size import ModelSize
from leanlung.networks.spec import NetworkSpec

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Candidate:
    """A network that may be chosen; it knows nothing of the test part.

    Attributes:
        round: 0 is the whole network.
        spec: Builds it.
        size: How large it is.
        validation: Metrics on the validation part, by name.
    """

    round: int
    spec: NetworkSpec
    size: ModelSize
    validation: Mapping[str, float]

    @property
    def name(self) -> str:
        """``unpruned`` or ``round-07``."""
        return "unpruned" if self.round == 0 else f"round-{self.round:02d}"

    def as_dict(self) -> dict[str, Any]:
        """Give a value that JSON can hold; `from_dict` is its inverse."""
        return {
            "round": self.round,
            "spec": self.spec.as_dict(),
            "size": self.size.as_dict(),
            "validation": dict(self.validation),
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        """Read what `as_dict` wrote."""
        return cls(
            round=value["round"],
            spec=NetworkSpec.from_dict(value["spec"]),
            size=ModelSize(**value["size"]),
            validation=dict(value["validation"]),
        )
