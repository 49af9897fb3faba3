"""Exemplars of pruning: studies on which many pruned networks part from many unpruned ones.

One pair of networks disagrees on some studies by chance. What the networks of several seeds
agree on before pruning, and answer otherwise after it, is due to pruning.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics.pairing import paired

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

    from leanlung.statistics.predictions import Predictions

Measure = Literal["jensen_shannon", "rank_correlation"]

MANY_CLASSES = 10
"""From this many classes on, a rank correlation over those of one study means something."""

FURTHEST = 0.05
"""Share of the studies that count as furthest apart, by the measure."""


@dataclass(frozen=True)
class Exemplar:
    """One study on which pruned networks part from unpruned ones.

    Attributes:
        study_id: Which.
        patient_id: Whose.
        label: True class.
        before: What most unpruned networks answer.
        after: What most pruned networks answer.
        share_before: Share of the unpruned networks that answer so.
        share_after: Share of the pruned networks that answer so.
        differs: Whether the two answers differ, which is what makes an exemplar.
        distance: How far the mean probabilities lie apart, in [0, 1] by Jensen-Shannon, or one
            minus the rank correlation, in [0, 2].
    """

    study_id: str
    patient_id: str
    label: str
    before: str
    after: str
    share_before: float
    share_after: float
    differs: bool
    distance: float


@dataclass(frozen=True)
class Exemplars:
    """What pruning does to single studies, over several seeds.

    Attributes:
        measure: Of the distance: ``rank_correlation`` from ten classes on, as in chest films
            of many findings; ``jensen_shannon`` for fewer.
        networks: How many pairs of networks; below about five, chance still plays a part.
        studies: How many were looked at.
        by_class: Of each true class, how many studies are exemplars and how many there are.
        cases: Exemplars first, by falling distance; then what else is among the furthest.
    """

    measure: Measure
    networks: int
    studies: int
    by_class: dict[str, tuple[int, int]]
    cases: tuple[Exemplar, ...]

    @property
    def count(self) -> int:
        """How many exemplars there are."""
        return sum(case.differs for case in self.cases)

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, the count among them, ready for JSON."""
        return {
            "measure": self.measure,
            "networks": self.networks,
            "studies": self.studies,
            "count": self.count,
            "by_class": {
                name: {"exemplars": found, "studies": studies}
                for name, (found, studies) in self.by_class.items()
            },
            "cases": [asdict(case) for case in self.cases],
        }


def exemplars(unpruned: Sequence[Predictions], pruned: Sequence[Predictions]) -> Exemplars:
    """Find the exemplars of pruning.

    Args:
        unpruned: Of the networks of two or more seeds, on the same studies.
        pruned: Of as many pruned networks.

    Returns:
        Every study whose most frequent answer changed, and the 5 % whose mean probabilities
        moved furthest. Of equally frequent answers it is the one of the highest mean
        probability.

    Raises:
        StatisticsError: If there are fewer than two of each, or any two cannot be paired.

    Source: Hooker et al. 2019, arXiv:1911.05248 (the most frequent answer); Holste et al.
        2023, MICCAI (rank correlation, the 5 %); Lin 1991, IEEE Transactions on Information
        Theory 37(1) (Jensen-Shannon, to the base of 2).
    """
    if len(unpruned) < 2 or len(unpruned) != len(pruned):
        msg = (
            f"{len(unpruned)} unpruned and {len(pruned)} pruned networks; two or more, and as "
            "many of each, are expected: what a single pair disagrees on may be chance"
        )
        raise StatisticsError(msg)
    first = unpruned[0]
    stacks = [
        np.stack([paired(first, each)[1].probabilities for each in side])
        for side in (unpruned, pruned)
    ]
    means = [stack.mean(axis=0) for stack in stacks]
    (before, agreed_before), (after, agreed_after) = map(_most_frequent, stacks)
    many = len(first.classes) >= MANY_CLASSES
    distance = _rank_distance(*means) if many else _jensen_shannon(*means)
    differs = before != after
    furthest = np.argsort(-distance, kind="stable")[: max(1, int(FURTHEST * len(first)))]
    chosen = differs.copy()
    chosen[furthest] = True
    cases = [
        Exemplar(
            first.study_ids[row],
            first.patient_ids[row],
            first.classes[first.labels[row]],
            first.classes[before[row]],
            first.classes[after[row]],
            float(agreed_before[row]),
            float(agreed_after[row]),
            bool(differs[row]),
            float(distance[row]),
        )
        for row in np.flatnonzero(chosen).tolist()
    ]
    return Exemplars(
        "rank_correlation" if many else "jensen_shannon",
        len(unpruned),
        len(first),
        {
            name: (
                int((differs & (first.labels == n)).sum()),
                int((first.labels == n).sum()),
            )
            for n, name in enumerate(first.classes)
        },
        tuple(sorted(cases, key=lambda one: (not one.differs, -one.distance, one.study_id))),
    )


def _most_frequent(
    stack: NDArray[np.float64],
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Give the most frequent answer of S networks, (S, n, K), and the share that gives it."""
    classes = stack.shape[2]
    votes = np.eye(classes)[stack.argmax(axis=2)].sum(axis=0)
    # A mean probability is below one vote, so it only decides between equals.
    winner = (votes + 0.5 * stack.mean(axis=0)).argmax(axis=1)
    return winner, votes[np.arange(len(winner)), winner] / len(stack)


def _jensen_shannon(
    first: NDArray[np.float64], second: NDArray[np.float64]
) -> NDArray[np.float64]:
    middle = (first + second) / 2.0
    spread: NDArray[np.float64] = _entropy(middle) - (_entropy(first) + _entropy(second)) / 2.0
    return np.clip(spread, 0.0, 1.0)


def _entropy(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    logs = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    total: NDArray[np.float64] = -(shares * logs).sum(axis=1)
    return total


def _rank_distance(
    first: NDArray[np.float64], second: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give one minus Spearman's correlation over the classes; 0 where a side is all equal."""
    ranks = [_ranks(each) - (first.shape[1] - 1) / 2.0 for each in (first, second)]
    product = (ranks[0] * ranks[1]).sum(axis=1)
    scale = np.sqrt(np.square(ranks[0]).sum(axis=1) * np.square(ranks[1]).sum(axis=1))
    correlation = np.divide(product, scale, out=np.ones_like(product), where=scale > 0)
    distance: NDArray[np.float64] = 1.0 - correlation
    return distance


def _ranks(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank every row from 0 on; equals share the mean of their ranks."""
    below = (rows[:, np.newaxis, :] < rows[:, :, np.newaxis]).sum(axis=2)
    equal = (rows[:, np.newaxis, :] == rows[:, :, np.newaxis]).sum(axis=2)
    ranks: NDArray[np.float64] = below + (equal - 1) / 2.0
    return ranks
