"""An ensemble: several models that answer as one."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.ensembles.combiners import Mean, Vote, Weighted
from leanlung.ensembles.members import aligned, stacked
from leanlung.ensembles.stacking import Stacking
from leanlung.foundations.errors import UsageError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.statistics.predictions import Predictions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from leanlung.ensembles.combiners import Combiner

COMBINERS: dict[str, type[Combiner]] = {
    "vote": Vote,
    "mean": Mean,
    "weighted": Weighted,
    "stacking": Stacking,
}
"""Every way to combine members, by name."""


@dataclass(frozen=True)
class Ensemble:
    """Several models that answer as one.

    Attributes:
        members: Their names, in the order in which they are combined.
        classes: In the order of the answers.
        combiner: How they are combined.
        name: To report it under.

    Raises:
        UsageError: If there are fewer than two members, or the combiner is for others.
    """

    members: tuple[str, ...]
    classes: tuple[str, ...]
    combiner: Combiner
    name: str = "ensemble"

    def __post_init__(self) -> None:
        if len(self.members) < 2:
            msg = f"an ensemble of {len(self.members)} members; two or more are expected"
            raise UsageError(msg)
        self.combiner.require_fit(len(self.members), len(self.classes))

    def combine(self, predictions: Sequence[Predictions]) -> Predictions:
        """Answer the studies that every member has answered.

        Args:
            predictions: One a member, in their order, of the same studies of the same patients
                under the same labels; studies and classes in any order.

        Returns:
            In the order of studies of the first. Their part is that of the members: ``test`` if
            it is of any, and none if the others differ.

        Raises:
            UsageError: If there is not one a member.
            StatisticsError: If they do not answer the same.
        """
        if len(predictions) != len(self.members):
            msg = (
                f"{self.name}: {len(predictions)} predictions for the members "
                f"{list(self.members)}; one for each is expected, in their order"
            )
            raise UsageError(msg)
        found = aligned(predictions, self.classes)
        first, parts = found[0], {one.part for one in predictions}
        return Predictions(
            self.name,
            first.classes,
            first.study_ids,
            first.patient_ids,
            first.labels,
            self.combiner.combine(stacked(found)),
            "test" if "test" in parts else parts.pop() if len(parts) == 1 else None,
        )


def require_combiner(name: str) -> None:
    """Refuse a combiner that there is not.

    Raises:
        UsageError: With the nearest there is.
    """
    if name not in COMBINERS:
        msg = (
            f"no combiner {name!r}; there are {list(COMBINERS)}{did_you_mean(name, COMBINERS)}"
        )
        raise UsageError(msg)


def parts_of(combiner: Combiner) -> tuple[dict[str, Any], dict[str, NDArray[np.float64]]]:
    """Give the parameters of a combiner, to be kept.

    Returns:
        ``combiner`` (its name) and its parameters, ready for JSON; and those that are tensors.
    """
    told: dict[str, Any] = {"combiner": combiner.name}
    tensors: dict[str, NDArray[np.float64]] = {}
    for name in _parameters(type(combiner)):
        value = getattr(combiner, name)
        if isinstance(value, np.ndarray):
            tensors[name] = value
        else:
            told[name] = list(value) if isinstance(value, tuple) else value
    return told, tensors


def combiner_of(
    told: Mapping[str, Any], tensors: Mapping[str, NDArray[np.float64]]
) -> Combiner:
    """Make a combiner of what `parts_of` gave.

    Raises:
        UsageError: If there is no such combiner, a parameter is missing, unknown or wrong.
        StatisticsError: If the tensors do not fit together.
    """
    parameters = {name: value for name, value in told.items() if name != "combiner"}
    require_combiner(str(told.get("combiner")))
    kind = COMBINERS[str(told["combiner"])]
    wanted = _parameters(kind)
    if sorted([*parameters, *tensors]) != sorted(wanted):
        msg = (
            f"{kind.name} with {sorted([*parameters, *tensors])}; exactly {sorted(wanted)} are "
            "expected"
        )
        raise UsageError(msg)
    return kind(**parameters, **tensors)


def _parameters(kind: type[Combiner]) -> list[str]:
    return [field.name for field in fields(kind)]  # type: ignore[arg-type]
