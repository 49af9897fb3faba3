"""Schedules: what share of the original units is gone after each round."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Protocol

from leanlung.foundations.errors import SurgeryError


class Schedule(Protocol):
    """The share gone after a round, in [0, 1]; it never falls.

    Any function of the round is one; nothing has to be inherited or registered:

    Examples:
        >>> def ever_slower(round_: int) -> float:
        ...     return 0.5 - 0.5 / 2**round_
        >>> schedule: Schedule = ever_slower
        >>> [schedule(round_) for round_ in (1, 2, 3)]
        [0.25, 0.375, 0.4375]
    """

    def __call__(self, round_: int, /) -> float:
        """Give the share gone after round ``round_``.

        Rounds count from 1: before the first one nothing is gone, whatever is given for 0.
        """


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


@dataclass(frozen=True)
class Polynomial:
    """Fast at first and slower towards the end, along a polynomial.

    ``final + (initial - final) * (1 - (round - first) / (last - first)) ** power``; nothing
    before ``first``, ``final`` after ``last``. A power of 1 is a straight line.

    Attributes:
        final: Share gone after the last round.
        last: Round at which it is reached.
        initial: Share gone after the first round.
        first: Round at which it begins; 0 begins before round 1, which then takes a share.
        power: 3 in both sources.

    Source: Zhu and Gupta 2017 (To prune, or not to prune), equation 1, and PolynomialDecay of
        the TensorFlow Model Optimization Toolkit 0.8.1. Theirs counts steps of training, as
        `leanlung.pruning.masks.Ramp` does; here it may count rounds as well, and a share that
        falls is refused.

    Examples:
        >>> Polynomial(final=0.5, last=4)(2)
        0.4375
    """

    final: float
    last: int
    initial: float = 0.0
    first: int = 0
    power: float = 3.0

    def __post_init__(self) -> None:
        _require_span(self.initial, self.final, self.first, self.last)
        if not 0.0 < self.power < math.inf:
            msg = f"power is a number above 0; got {self.power:g}"
            raise SurgeryError(msg)

    def __call__(self, round_: int) -> float:
        """Give the share gone after a round, or a step."""
        if round_ < self.first:
            return 0.0
        to_come: float = (1.0 - _passed(round_, self.first, self.last)) ** self.power
        return self.final + (self.initial - self.final) * to_come


@dataclass(frozen=True)
class Cosine:
    """Slow at first, fastest half way, slow towards the end, along half a cosine.

    ``final + (initial - final) * (1 + cos(pi * (round - first) / (last - first))) / 2``.

    Attributes:
        final: Share gone after the last round.
        last: Round at which it is reached.
        initial: Share gone after the first round.
        first: Round at which it begins; 0 begins before round 1, which then takes a share.

    Source: the schedule ``cos`` of fasterai 0.4, after Loshchilov and Hutter 2017 (SGDR),
        equation 5, who let the learning rate fall so.

    Examples:
        >>> round(Cosine(final=0.5, last=4)(2), 12)
        0.25
    """

    final: float
    last: int
    initial: float = 0.0
    first: int = 0

    def __post_init__(self) -> None:
        _require_span(self.initial, self.final, self.first, self.last)

    def __call__(self, round_: int) -> float:
        """Give the share gone after a round, or a step."""
        if round_ < self.first:
            return 0.0
        passed = _passed(round_, self.first, self.last)
        to_come = (1.0 + math.cos(math.pi * passed)) / 2.0
        return self.final + (self.initial - self.final) * to_come


SCHEDULES: dict[str, type[Steady | OneShot | Polynomial | Cosine]] = {
    "steady": Steady,
    "one_shot": OneShot,
    "polynomial": Polynomial,
    "cosine": Cosine,
}
"""Schedules that can be asked for by name."""


def _passed(round_: int, first: int, last: int) -> float:
    """Give the share of the way from the first to the last round, at most 1."""
    return min((round_ - first) / (last - first), 1.0)


def _require_span(initial: float, final: float, first: int, last: int) -> None:
    _require_share("final", final)
    if initial != 0.0:
        _require_share("initial", initial)
    if initial > final:
        msg = f"a schedule never falls; initial = {initial:g} is above final = {final:g}"
        raise SurgeryError(msg)
    if not 0 <= first < last:
        msg = f"first comes before last, from 0 on; got first = {first} and last = {last}"
        raise SurgeryError(msg)


def _require_share(name: str, value: float) -> None:
    if not 0.0 < value < 1.0:
        hint = f" (for {value:g} % write {value / 100:g})" if 1.0 <= value <= 100.0 else ""
        msg = f"{name} is a share between 0 and 1; got {value:g}{hint}"
        raise SurgeryError(msg)
