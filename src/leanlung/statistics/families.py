"""The families of metrics: what each means, and how it is read off a tally."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from leanlung.statistics import confusion

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from leanlung.statistics.tally import Tally

    Shares = NDArray[np.float64]

IntervalKind = Literal["clopper_pearson", "delong", "bootstrap"]

Group = Literal["all", "class", "others", "either", "answered", "rarest"]


@dataclass(frozen=True)
class Family:
    """A metric, or one metric for every class.

    Attributes:
        description: One line for a list of metrics.
        needs: What it takes for the metric to be defined.
        interval: How its interval is reached where every patient has one study; where
            patients repeat it is always the bootstrap.
        group: Whose number limits what can be known of it, of all studies: those of the
            class, of the others, of the fewer of these two, those answered as the class, or
            those of the rarest class.
        of: Gives its values, shape (R,), or (R, K) for every class.
        averaged: Whether it is a mean over the classes that occur.
        lowest: Worst possible value.
        best: Best possible value.
    """

    description: str
    needs: str
    interval: IntervalKind
    group: Group
    of: Callable[[Tally], Shares]
    averaged: bool = False
    lowest: float = 0.0
    best: float = 1.0


def _of_counts(read: Callable[[Shares], Shares]) -> Callable[[Tally], Shares]:
    """Read a figure off the confusion matrix."""
    return lambda tally: read(tally.counts)


def _averaged(
    description: str,
    by_class: Callable[[Tally], Shares],
    needs: str = "a study",
    interval: IntervalKind = "bootstrap",
) -> Family:
    """Make the mean of a metric over the classes that occur."""
    return Family(
        description,
        needs,
        interval,
        "rarest",
        lambda tally: by_class(tally)[:, tally.occurring].mean(axis=1),
        averaged=True,
    )


METRICS: dict[str, Family] = {
    "accuracy": Family(
        "share of studies answered rightly",
        "a study",
        "clopper_pearson",
        "all",
        _of_counts(confusion.accuracy),
    ),
    "balanced_accuracy": _averaged(
        "mean sensitivity over the classes, as macro_sensitivity",
        _of_counts(confusion.sensitivity),
    ),
    "macro_auc": _averaged(
        "mean over the classes of the area under the ROC curve, each against the rest",
        lambda tally: tally.aucs,
        "studies of two classes",
        "delong",
    ),
    "macro_sensitivity": _averaged(
        "mean sensitivity over the classes",
        _of_counts(confusion.sensitivity),
    ),
    "macro_specificity": _averaged(
        "mean specificity over the classes",
        _of_counts(confusion.specificity),
        "studies of two classes",
    ),
    "macro_precision": _averaged(
        "mean precision over the classes",
        _of_counts(confusion.precision),
        "every class that occurs answered at least once",
    ),
    "macro_f": _averaged(
        "mean F over the classes",
        _of_counts(confusion.f),
    ),
    "mcc": Family(
        "correlation of true and answered classes (Matthews; R_K for more than two), from -1",
        "studies of two classes",
        "bootstrap",
        "rarest",
        _of_counts(confusion.mcc),
        lowest=-1.0,
    ),
    "brier": Family(
        "Brier score with its sign turned, so that higher is better: from -2 to 0",
        "a study",
        "bootstrap",
        "all",
        lambda tally: 0.0 - tally.brier,
        lowest=-2.0,
        best=0.0,
    ),
    "auc:<class>": Family(
        "area under the ROC curve of one class against the rest",
        "studies of the class and of others",
        "delong",
        "either",
        lambda tally: tally.aucs,
    ),
    "sensitivity:<class>": Family(
        "share of the studies of the class that are answered so",
        "a study of the class",
        "clopper_pearson",
        "class",
        _of_counts(confusion.sensitivity),
    ),
    "specificity:<class>": Family(
        "share of the studies of other classes that are not answered so",
        "a study of another class",
        "clopper_pearson",
        "others",
        _of_counts(confusion.specificity),
    ),
    "precision:<class>": Family(
        "share of the answers of the class that are right",
        "a study answered as the class",
        "clopper_pearson",
        "answered",
        _of_counts(confusion.precision),
    ),
    "f:<class>": Family(
        "harmonic mean of sensitivity and precision of the class (F1)",
        "a study of the class",
        "bootstrap",
        "class",
        _of_counts(confusion.f),
    ),
}
"""Every metric there is, in the order of reports; ``<class>`` stands for a class's name."""
