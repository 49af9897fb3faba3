"""Power: how likely these studies could show what they are asked, if nothing is lost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from leanlung.statistics.spread import Spread

Basis = Literal["seen", "assumed"]

AIMED_AT = 0.8
TOO_LITTLE = 0.5
"""Below this a study is told to be unable to answer."""

_NORMAL = NormalDist()


@dataclass(frozen=True)
class Power:
    """How likely non-inferiority is shown if the two models are equal in truth.

    Attributes:
        margin: Largest loss that is accepted.
        power: In [0, 1].
        patients: How many limit what can be known, such as those of a class.
        error: Standard error of the difference that it rests on.
        basis: Whether that error was ``seen`` between these two models, or is ``assumed`` to be
            what one patient makes, as none was seen to differ.
        needed: How many such patients would give a power of 0.8.
    """

    margin: float
    power: float
    patients: int
    error: float
    basis: Basis
    needed: int

    def __str__(self) -> str:
        """Give the line for people."""
        from_where = (
            "they vary as seen here"
            if self.basis == "seen"
            else "one patient of them differs (here none does)"
        )
        return (
            f"Power: with {self.patients} patients concerned, a margin of {self.margin:g} is "
            f"shown with a chance of {self.power:.2f} if the two are equal in truth and "
            f"{from_where}; {AIMED_AT:g} takes about {self.needed}."
        )


def power_of(
    spread: Spread, value: float, patients: int, margin: float, level: float, basis: Basis
) -> Power:
    """Work out the power of a comparison as it was carried out.

    Args:
        spread: Of its difference.
        value: The difference itself.
        patients: How many are concerned.
        margin: Largest loss that is accepted, in (0, 1).
        level: Of the two-sided interval that the verdict follows from.
        basis: Where the spread comes from.

    Source: Julious 2004, Statistics in Medicine 23(12), for no true difference.
    """
    # How far the interval reaches down, as the lower end decides.
    reach = value - spread.interval(level)[0]
    wanted = reach + _NORMAL.inv_cdf(AIMED_AT) * spread.error
    return Power(
        margin,
        _NORMAL.cdf((margin - reach) / spread.error),
        patients,
        spread.error,
        basis,
        math.ceil(patients * (wanted / margin) ** 2),
    )
