"""Flips: studies that one model answers rightly and the other does not, the worst first.

Two models of equal accuracy may be right about different patients. Whoever is to trust the
smaller one wants to see whom it newly misses.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from leanlung.foundations.errors import StatisticsError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.statistics.pairing import paired
from leanlung.statistics.proportions import clopper_pearson

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

    from leanlung.statistics.predictions import Predictions

Direction = Literal["newly_wrong", "newly_right", "newly_missed"]
"""``newly_missed``: taken for another disease before, for healthy now; wrong both times."""

_HEALTHY = "normal"


@dataclass(frozen=True)
class Flip:
    """One study that the two models answer differently.

    Attributes:
        study_id: Which.
        patient_id: Whose.
        label: True class.
        before: Class that the baseline answers.
        after: Class that the candidate answers.
        direction: What became of it.
        missed: Whether it is of a disease and the candidate newly calls it healthy.
        share_before: Probability that the baseline gives the true class, in [0, 1].
        share_after: Probability that the candidate gives it.
        other_studies: The patient's other studies, by id.
    """

    study_id: str
    patient_id: str
    label: str
    before: str
    after: str
    direction: Direction
    missed: bool
    share_before: float
    share_after: float
    other_studies: tuple[str, ...]

    @property
    def change(self) -> float:
        """What the true class gained in probability, in [-1, 1]."""
        return self.share_after - self.share_before

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, the change among them, ready for JSON."""
        return asdict(self) | {
            "other_studies": list(self.other_studies),
            "change": self.change,
        }


@dataclass(frozen=True)
class FlipCount:
    """How many studies changed sides, and whether more went one way than chance would.

    Attributes:
        of_class: True class of the studies counted; ``all`` for all classes.
        studies: How many of the class there are.
        newly_wrong: Right before, wrong now.
        newly_right: Wrong before, right now.
        missed: Of a disease, and newly called healthy.
        patients_worse: Patients with more studies newly wrong than newly right.
        patients_better: Patients with more studies newly right than newly wrong.
        share_worse: Of these patients, the share that is worse off; None where there is none.
        low: Lower end of its interval; a half means no difference.
        high: Upper end.
        level: Of the interval.
        p: Two-sided, of as many patients worse off as better off; 1 where there is none.
        method: How interval and p were reached.
    """

    of_class: str
    studies: int
    newly_wrong: int
    newly_right: int
    missed: int
    patients_worse: int
    patients_better: int
    share_worse: float | None
    low: float | None
    high: float | None
    level: float
    p: float
    method: str

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Flips:
    """All studies that changed sides.

    Attributes:
        healthy: The class that is no disease; None if no class is.
        cases: Missed disease first, then newly wrong, then newly right; within each the
            largest change of probability first.
        counts: Of all classes, then class by class.
    """

    healthy: str | None
    cases: tuple[Flip, ...]
    counts: tuple[FlipCount, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return {
            "healthy": self.healthy,
            "counts": [count.as_dict() for count in self.counts],
            "cases": [case.as_dict() for case in self.cases],
        }


def flips(
    baseline: Predictions,
    candidate: Predictions,
    *,
    healthy: str = "",
    level: float = 0.95,
) -> Flips:
    """Find the studies that a candidate answers worse or better than a baseline.

    The interval and p are exact and condition on the patients that changed (McNemar's test).
    A patient counts once, on the side of most of his or her studies that changed, so that
    many images of one patient are no more evidence than one.

    Args:
        baseline: The model that is to be matched.
        candidate: The model that is to match it, on the same studies.
        healthy: Class that is no disease; the class called ``normal`` if not given, and none
            if there is no such class.
        level: Of the two-sided intervals, in (0, 1).

    Raises:
        StatisticsError: If the two cannot be paired, or ``healthy`` is no class.

    Source: McNemar 1947, Psychometrika 12(2), exact as a sign test; Clopper-Pearson.
    """
    baseline, candidate = paired(baseline, candidate)
    found = healthy_class(baseline.classes, healthy)
    right = [each.predicted == each.labels for each in (baseline, candidate)]
    worse, better = right[0] & ~right[1], ~right[0] & right[1]
    missed = np.zeros_like(worse)
    if found is not None:
        index = baseline.classes.index(found)
        called = [each.predicted == index for each in (baseline, candidate)]
        missed = (baseline.labels != index) & ~called[0] & called[1]
    masks: dict[int | None, NDArray[np.bool_]] = {None: np.ones_like(worse)}
    masks |= {n: baseline.labels == n for n in range(len(baseline.classes))}
    return Flips(
        found,
        _cases(baseline, candidate, worse, better, missed),
        tuple(
            _count(
                "all" if of_class is None else baseline.classes[of_class],
                baseline.patients,
                (worse & mask, better & mask, missed & mask),
                int(mask.sum()),
                level,
            )
            for of_class, mask in masks.items()
        ),
    )


def healthy_class(classes: Sequence[str], healthy: str = "") -> str | None:
    """Give the class that is no disease.

    Args:
        classes: Of the predictions.
        healthy: Its name; if empty it is the class called ``normal``, in any capitals.

    Returns:
        Its name, or None if none was named and none is called so.

    Raises:
        StatisticsError: If the name is none of the classes.
    """
    if healthy and healthy not in classes:
        msg = (
            f"no class {healthy!r} to be the healthy one; there are {list(classes)}"
            f"{did_you_mean(healthy, classes)}"
        )
        raise StatisticsError(msg)
    return healthy or next((name for name in classes if name.casefold() == _HEALTHY), None)


def _cases(
    baseline: Predictions,
    candidate: Predictions,
    worse: NDArray[np.bool_],
    better: NDArray[np.bool_],
    missed: NDArray[np.bool_],
) -> tuple[Flip, ...]:
    studies_of: dict[str, list[str]] = defaultdict(list)
    for study, patient in zip(baseline.study_ids, baseline.patient_ids, strict=True):
        studies_of[patient].append(study)
    found = []
    for row in np.flatnonzero(worse | better | missed).tolist():
        study, patient = baseline.study_ids[row], baseline.patient_ids[row]
        label = int(baseline.labels[row])
        direction: Direction = "newly_right" if better[row] else "newly_missed"
        found.append(
            Flip(
                study,
                patient,
                baseline.classes[label],
                baseline.classes[baseline.predicted[row]],
                baseline.classes[candidate.predicted[row]],
                "newly_wrong" if worse[row] else direction,
                bool(missed[row]),
                float(baseline.probabilities[row, label]),
                float(candidate.probabilities[row, label]),
                tuple(name for name in studies_of[patient] if name != study),
            )
        )
    return tuple(sorted(found, key=_badness))


def _badness(case: Flip) -> tuple[bool, bool, float, str]:
    return not case.missed, case.direction == "newly_right", -abs(case.change), case.study_id


def _count(
    of_class: str,
    patients: NDArray[np.int64],
    masks: tuple[NDArray[np.bool_], ...],
    studies: int,
    level: float,
) -> FlipCount:
    worse, better, missed = masks
    balance = np.bincount(patients, worse.astype(np.float64) - better)
    lost, won = int((balance > 0).sum()), int((balance < 0).sum())
    low, high = clopper_pearson(lost, lost + won, level)
    return FlipCount(
        of_class,
        studies,
        int(worse.sum()),
        int(better.sum()),
        int(missed.sum()),
        lost,
        won,
        lost / (lost + won) if lost + won else None,
        low,
        high,
        level,
        _sign_test(lost, won),
        "McNemar, exact, one vote a patient; Clopper-Pearson",
    )


def _sign_test(lost: int, won: int) -> float:
    """Give the two-sided exact p of so many against so many, from a fair coin."""
    if lost == won:
        return 1.0
    # Here and not above: it takes longer to load than the rest of the room together.
    from scipy.special import betainc

    fewer, more = sorted((lost, won))
    return min(1.0, 2.0 * float(betainc(more, fewer + 1, 0.5)))
