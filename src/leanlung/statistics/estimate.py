"""An estimate: one number with its interval and how that interval was reached."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from leanlung.foundations.errors import StatisticsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Self

Ends = tuple[float | None, float | None]
"""Lower and upper end of an interval; None where there is none."""


@dataclass(frozen=True)
class Estimate:
    """A metric, or the difference of two, as far as these studies can tell.

    Attributes:
        name: Of the metric, the model or the difference.
        value: Point estimate; None where it is undefined.
        low: Lower end of the two-sided interval; None where it is undefined.
        high: Upper end; None where it is undefined.
        level: Of the interval, in (0, 1).
        method: How the interval was reached, or why there is none.
        studies: How many studies were looked at.
        patients: How many patients they belong to.

    Raises:
        StatisticsError: If a number is not finite or the ends are the wrong way round.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    level: float
    method: str
    studies: int
    patients: int

    def __post_init__(self) -> None:
        for number in (self.value, self.low, self.high):
            if number is not None and not math.isfinite(number):
                msg = f"{self.name}: {number} is no estimate; an undefined figure is None"
                raise StatisticsError(msg)
        if self.low is not None and self.high is not None and self.low > self.high:
            msg = (
                f"{self.name}: the interval runs from {self.low} to {self.high}; "
                "the lower end comes first"
            )
            raise StatisticsError(msg)
        require_level(self.level)

    def __str__(self) -> str:
        """Give ``0.972 [0.951, 0.988]``.

        Three digits, or as many as tell the ends apart: what is known to lie between
        0.9996 and 1 is never printed as ``1.000 [1.000, 1.000]``.
        """
        if self.value is None:
            return "undefined"
        if self.low is None or self.high is None:
            return f"{self.value:.3f} [no interval]"
        width = self.high - self.low
        digits = 3 if width == 0.0 else max(3, math.ceil(-math.log10(width)))
        return f"{self.value:.{digits}f} [{self.low:.{digits}f}, {self.high:.{digits}f}]"

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, entries: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gave.

        Raises:
            StatisticsError: If an entry is missing or unknown.
        """
        require_entries(entries, cls)
        return cls(**entries)


def require_level(level: float) -> None:
    """Refuse a confidence level outside (0, 1).

    Raises:
        StatisticsError: If it is one.
    """
    if not 0.0 < level < 1.0:
        msg = f"level is a share between 0 and 1; got {level} (for 95 % write 0.95)"
        raise StatisticsError(msg)


def require_entries(entries: Mapping[str, Any], kind: type) -> None:
    """Refuse a mapping whose keys are not the fields of a dataclass.

    Raises:
        StatisticsError: If one is missing or unknown.
    """
    wanted = [field.name for field in fields(kind)]
    missing = [name for name in wanted if name not in entries]
    unknown = [name for name in entries if name not in wanted]
    if missing or unknown:
        msg = (
            f"no {kind.__name__}: missing {missing}, unknown {unknown}; "
            f"exactly {wanted} are expected"
        )
        raise StatisticsError(msg)
