"""A readout: how the probabilities of one network are to be read, fixed on the validation part.

It holds a temperature, beside which the probabilities can be taken at their word, and the
thresholds from which a class is called. Neither changes a probability or a verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics.estimate import require_entries
from leanlung.statistics.temperature import Temperature, temperature_of
from leanlung.statistics.thresholds import Threshold, freeze_thresholds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Self

    from leanlung.statistics.predictions import Predictions


@dataclass(frozen=True)
class Readout:
    """How the probabilities of one network are to be read.

    Attributes:
        temperature: Fitted on the validation part.
        thresholds: Of the probabilities as they are, at temperature 1; by class and rule.
    """

    temperature: Temperature
    thresholds: tuple[Threshold, ...]

    @classmethod
    def of(cls, validation: Predictions) -> Self:
        """Fit a temperature and freeze thresholds.

        Args:
            validation: Of one network on the validation part, never on the test part.
        """
        return cls(temperature_of(validation), freeze_thresholds(validation))

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return {
            "temperature": self.temperature.as_dict(),
            "thresholds": [threshold.as_dict() for threshold in self.thresholds],
        }

    @classmethod
    def from_dict(cls, entries: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gave.

        Raises:
            StatisticsError: If an entry is missing or unknown, or a number out of range.
        """
        require_entries(entries, cls)
        require_entries(entries["temperature"], Temperature)
        temperature = Temperature(**entries["temperature"])
        if not 0.0 < temperature.value < float("inf"):
            msg = f"temperature {temperature.value}: a positive number is expected"
            raise StatisticsError(msg)
        return cls(temperature, tuple(map(Threshold.from_dict, entries["thresholds"])))
