"""Schedules: what share of the original units is gone after each round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from leanlung.foundations.errors import SurgeryError


class Schedule(Protocol):
    """The share gone after a round, in [0, 1]; it never falls."""

    def __call__(self, round_: int) -> float:
        """Give the share gone after round ``round_``; 0.0 after round 0."""


@dataclass(frozen=True)
class Steady:
    """The same share every round, up to a ceiling.

    Attributes:
        share: Share removed a round, e.g. 0.02 for 2 %.
        ceiling: Stop here.
        of: Whether ``share`` is of the ``"original"`` width or of what is ``"remaining"``.
            Rajaraman et al. 2020 do not say; to reach 50 % by 2 % takes 25 or 35 rounds.

    Examples:
        >>> Steady(share=0.02, ceiling=0.5)(25)
        0.5
        >>> round(Steady(share=0.02, ceiling=0.5, of="remaining")(25), 4)
        0.3965
    """

    share: float
    ceiling: float
    of: Literal["original", "remaining"] = "original"

    def __post_init__(self) -> None:
        _require_share("share", self.share)
        _require_share("ceiling", self.ceiling)

    def __call__(self, round_: int) -> float:
        """Give ``share * round_``, or what compounding leaves gone, up to ``ceiling``."""
        if self.of == "original":
            gone = self.share * round_
        else:
            gone = 1.0 - (1.0 - self.share) ** round_
        return min(gone, self.ceiling)


@dataclass(frozen=True)
class OneShot:
    """Everything in the first round.

    Attributes:
        share: Share removed, e.g. 0.5 for half.
    """

    share: float

    def __post_init__(self) -> None:
        _require_share("share", self.share)

    def __call__(self, round_: int) -> float:
        """Give ``share`` from the first round on."""
        return self.share if round_ >= 1 else 0.0


SCHEDULES: dict[str, type[Steady | OneShot]] = {"steady": Steady, "one_shot": OneShot}
"""Schedules that can be asked for by name."""


def _require_share(name: str, value: float) -> None:
    if not 0.0 < value < 1.0:
        hint = f" (for {value:g} % write {value / 100:g})" if 1.0 <= value <= 100.0 else ""
        msg = f"{name} is a share between 0 and 1; got {value:g}{hint}"
        raise SurgeryError(msg)
