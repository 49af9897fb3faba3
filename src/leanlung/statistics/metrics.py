"""The metrics: their names, what they mean, and their values under any weights.

Macro averages run over the classes that occur in the labels: of a class without a study
nothing can be said. Which these are is settled once, on all studies; a resample that misses
one of them has no value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from leanlung.foundations.errors import StatisticsError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.statistics import confusion
from leanlung.statistics.tally import Tally, occurring_classes, tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from leanlung.statistics.predictions import Predictions

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
        lowest: Worst possible value; the best is 1.
    """

    description: str
    needs: str
    interval: IntervalKind
    group: Group
    of: Callable[[Tally], Shares]
    averaged: bool = False
    lowest: float = 0.0


def _macro(by_class: Callable[[Tally], Shares]) -> Callable[[Tally], Shares]:
    return lambda tally: by_class(tally)[:, tally.occurring].mean(axis=1)


METRICS: dict[str, Family] = {
    "accuracy": Family(
        "share of studies answered rightly",
        "a study",
        "clopper_pearson",
        "all",
        lambda tally: confusion.accuracy(tally.counts),
    ),
    "balanced_accuracy": Family(
        "mean sensitivity over the classes, as macro_sensitivity",
        "a study",
        "bootstrap",
        "rarest",
        _macro(lambda tally: confusion.sensitivity(tally.counts)),
        averaged=True,
    ),
    "macro_auc": Family(
        "mean over the classes of the area under the ROC curve, each against the rest",
        "studies of two classes",
        "delong",
        "rarest",
        _macro(lambda tally: tally.aucs),
        averaged=True,
    ),
    "macro_sensitivity": Family(
        "mean sensitivity over the classes",
        "a study",
        "bootstrap",
        "rarest",
        _macro(lambda tally: confusion.sensitivity(tally.counts)),
        averaged=True,
    ),
    "macro_specificity": Family(
        "mean specificity over the classes",
        "studies of two classes",
        "bootstrap",
        "rarest",
        _macro(lambda tally: confusion.specificity(tally.counts)),
        averaged=True,
    ),
    "macro_precision": Family(
        "mean precision over the classes",
        "every class that occurs answered at least once",
        "bootstrap",
        "rarest",
        _macro(lambda tally: confusion.precision(tally.counts)),
        averaged=True,
    ),
    "macro_f": Family(
        "mean F over the classes",
        "a study",
        "bootstrap",
        "rarest",
        _macro(lambda tally: confusion.f(tally.counts)),
        averaged=True,
    ),
    "mcc": Family(
        "correlation of true and answered classes (Matthews; R_K for more than two), from -1",
        "studies of two classes",
        "bootstrap",
        "rarest",
        lambda tally: confusion.mcc(tally.counts),
        lowest=-1.0,
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
        lambda tally: confusion.sensitivity(tally.counts),
    ),
    "specificity:<class>": Family(
        "share of the studies of other classes that are not answered so",
        "a study of another class",
        "clopper_pearson",
        "others",
        lambda tally: confusion.specificity(tally.counts),
    ),
    "precision:<class>": Family(
        "share of the answers of the class that are right",
        "a study answered as the class",
        "clopper_pearson",
        "answered",
        lambda tally: confusion.precision(tally.counts),
    ),
    "f:<class>": Family(
        "harmonic mean of sensitivity and precision of the class (F1)",
        "a study of the class",
        "bootstrap",
        "class",
        lambda tally: confusion.f(tally.counts),
    ),
}
"""Every metric there is, in the order of reports; ``<class>`` stands for a class's name."""

_CLASS = ":<class>"


@dataclass(frozen=True)
class Metric:
    """One metric on one set of classes.

    Attributes:
        name: As reports print it, e.g. ``sensitivity:covid``.
        family: What it is.
        of_class: Index of its class; None if it is of all.
    """

    name: str
    family: Family
    of_class: int | None


def metric_names(classes: Sequence[str]) -> tuple[str, ...]:
    """Give the name of every metric on these classes, in the order of `METRICS`."""
    names: list[str] = []
    for key in METRICS:
        if key.endswith(_CLASS):
            names += (f"{key.removesuffix(_CLASS)}:{name}" for name in classes)
        else:
            names.append(key)
    return tuple(names)


def find_metric(name: str, classes: Sequence[str]) -> Metric:
    """Look a metric up.

    Args:
        name: A key of `METRICS`, with the name of a class for ``<class>``.
        classes: Of the predictions to be measured.

    Raises:
        StatisticsError: If there is no such metric, or no such class.
    """
    family, colon, of_class = name.partition(":")
    found = METRICS.get(family + _CLASS if colon else family)
    if found is None or (colon and of_class not in classes):
        names = metric_names(classes)
        msg = f"no metric {name!r}{did_you_mean(name, names)}; there are {', '.join(names)}"
        raise StatisticsError(msg)
    return Metric(name, found, classes.index(of_class) if colon else None)


def values(
    metrics: Sequence[Metric],
    predictions: Predictions,
    weights: Iterable[NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Compute metrics under weights.

    Args:
        metrics: M of them.
        predictions: Of n studies.
        weights: R vectors of shape (n,): how often every study counts.

    Returns:
        Shape (R, M); NaN where undefined.
    """
    found = tally(
        predictions, weights, areas=any(each.family.interval == "delong" for each in metrics)
    )
    result = np.empty((len(found.counts), len(metrics)))
    for column, metric in enumerate(metrics):
        of_family = metric.family.of(found)
        result[:, column] = (
            of_family if metric.of_class is None else of_family[:, metric.of_class]
        )
    return result


def patients_concerned(metric: Metric, predictions: Predictions) -> int:
    """Count the patients whose number limits what can be known of a metric.

    500 patients say a lot about accuracy and little about the sensitivity to a class that 27
    of them have. Errors not seen among n patients bound the share p of errors in all; a class
    of share s then loses at most p / s, which is the bound from its own patients.
    """
    labels, patients = predictions.labels, predictions.patients

    def count(mask: NDArray[np.bool_]) -> int:
        return len(np.unique(patients[mask]))

    match metric.family.group:
        case "all":
            return predictions.patient_count
        case "class":
            return count(labels == metric.of_class)
        case "others":
            return count(labels != metric.of_class)
        case "either":
            return min(count(labels == metric.of_class), count(labels != metric.of_class))
        case "answered":
            return count(predictions.predicted == metric.of_class)
        case _:
            return min(count(labels == index) for index in occurring_classes(predictions))


def classes_of(metric: Metric, predictions: Predictions) -> tuple[int, ...]:
    """Give the indices of the classes that a metric is about."""
    if metric.of_class is not None:
        return (metric.of_class,)
    return occurring_classes(predictions)


def left_out(metric: Metric, predictions: Predictions) -> str:
    """Say which classes a mean over classes leaves out, for the end of a method."""
    occurring = occurring_classes(predictions)
    absent = [name for index, name in enumerate(predictions.classes) if index not in occurring]
    if not metric.family.averaged or not absent:
        return ""
    return f"; without {', '.join(absent)}, of which there is no study"
