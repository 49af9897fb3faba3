"""Agreement: how well found masks cover those drawn by people, film by film and by source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.foundations.errors import PixelError
from leanlung.statistics.bootstrap import description, patient_weights, percentile_interval
from leanlung.statistics.estimate import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ALL = "all sources"


@dataclass(frozen=True)
class Overlap:
    """Two masks of a film laid on each other.

    Attributes:
        dice: Twice what they share by the sum of both, in [0, 1].
        iou: What they share by what either covers, in [0, 1]; Jaccard's index.
    """

    dice: float
    iou: float


@dataclass(frozen=True)
class Agreement:
    """Agreement over the films of a source.

    Attributes:
        source: Whose masks.
        dice: Mean over films, with an interval over patients.
        iou: The same.
        lowest: The Dice that a twentieth of the films stays below.
        films: How many, each with one mask; a film with masks of two people counts twice.
        patients: Whose.
    """

    source: str
    dice: Estimate
    iou: Estimate
    lowest: float
    films: int
    patients: int

    def as_dict(self) -> dict[str, Any]:
        """Give a value that JSON can hold."""
        return {
            "source": self.source,
            "dice": self.dice.as_dict(),
            "iou": self.iou.as_dict(),
            "lowest": self.lowest,
            "films": self.films,
            "patients": self.patients,
        }


def overlap(found: NDArray[Any], drawn: NDArray[Any]) -> Overlap:
    """Lay a found mask on a drawn one.

    Args:
        found: (H, W), not zero where there is lung.
        drawn: The same size.

    Returns:
        Dice and IoU; both 1 where both masks are empty.

    Raises:
        PixelError: If the sizes differ.
    """
    if found.shape != drawn.shape:
        msg = f"a mask of {found.shape} beside one of {drawn.shape}; the same size was expected"
        raise PixelError(msg)
    one, other = found != 0, drawn != 0
    shared, either = int((one & other).sum()), int((one | other).sum())
    if either == 0:
        return Overlap(1.0, 1.0)
    return Overlap(2.0 * shared / (shared + either), shared / either)


def agreement(
    overlaps: Sequence[Overlap],
    patients: Sequence[str],
    sources: Sequence[str],
    *,
    seed: int = 0,
    resamples: int = 2000,
    level: float = 0.95,
) -> tuple[Agreement, ...]:
    """Sum up by source, each with an interval over its patients.

    Args:
        overlaps: Of each film.
        patients: Whose film.
        sources: Of its mask.
        seed: Of the bootstrap.
        resamples: Of the bootstrap.
        level: Of the intervals, two-sided.

    Returns:
        One for each source by name, and one for all if there are several.
    """
    named = np.array(sources)
    groups = {name: named == name for name in sorted(set(sources))}
    if len(groups) > 1:
        groups[ALL] = np.ones(len(named), dtype=np.bool_)
    dice = np.array([one.dice for one in overlaps])
    iou = np.array([one.iou for one in overlaps])
    whose = np.array(patients)
    found = []
    for name, inside in groups.items():
        names, numbers = np.unique(whose[inside], return_inverse=True)
        settings = (numbers, seed, resamples, level)
        by_dice = _mean("dice", dice[inside], *settings)
        by_iou = _mean("iou", iou[inside], *settings)
        lowest = float(np.quantile(dice[inside], 0.05))
        found.append(Agreement(name, by_dice, by_iou, lowest, int(inside.sum()), len(names)))
    return tuple(found)


def _mean(
    name: str,
    values: NDArray[np.float64],
    patients: NDArray[np.int64],
    seed: int,
    resamples: int,
    level: float,
) -> Estimate:
    """Give the mean over films, with the interval of drawing whole patients anew."""
    drawn = np.array(
        [
            np.average(values, weights=weights)
            for weights in patient_weights(patients, resamples=resamples, seed=seed)
        ]
    )
    low, high = percentile_interval(drawn, level) or (None, None)
    count = int(patients.max()) + 1
    method = description(drawn, repeats_patients=count < len(values))
    value = float(values.mean())
    return Estimate(name, value, low, high, level, method, len(values), count)
