"""The metrics: their names, what they mean, and their values under any weights.

Macro averages run over the classes that occur in the labels: of a class without a study
nothing can be said. Which these are is settled once, on all studies; a resample that misses
one of them has no value.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import StatisticsError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.statistics.families import METRICS, Family
from leanlung.statistics.tally import Wanted, occurring_classes, tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from leanlung.statistics.predictions import Predictions
    from leanlung.statistics.tally import Held, Tally

    Shares = NDArray[np.float64]

_CLASS = ":<class>"


@dataclass(frozen=True)
class Metric:
    """One metric on one set of classes.

    Attributes:
        name: As reports print it, e.g. ``sensitivity:covid``.
        family: What it is.
        of_class: Index of its class; None if it is of all.
        threshold: From which probability on the class is called; None if the likeliest class
            is the answer.
        held: What is held on the ROC curve, and at which value; None if nothing is.
    """

    name: str
    family: Family
    of_class: int | None
    threshold: float | None = None
    held: tuple[Held, float] | None = None

    def of(self, found: Tally) -> Shares:
        """Read its values off a tally, shape (R,); NaN where undefined."""
        if self.of_class is None:
            return self.family.of(found)
        if self.held is not None:
            return found.held[(self.of_class, *self.held)]
        if self.threshold is not None:
            # A class against the rest: it comes second.
            found = replace(found, counts=found.called[(self.of_class, self.threshold)])
            return self.family.of(found)[:, 1]
        return self.family.of(found)[:, self.of_class]


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
    units: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Compute metrics under weights.

    Args:
        metrics: M of them.
        predictions: Of n studies.
        weights: R vectors: how often every unit counts.
        units: Shape (n,): which unit every study belongs to, such as its patient; each study is
            one by itself if not given.

    Returns:
        Shape (R, M); NaN where undefined.
    """
    wanted = Wanted(
        any(each.family.interval == "delong" for each in metrics),
        frozenset(
            (each.of_class, each.threshold)
            for each in metrics
            if each.of_class is not None and each.threshold is not None
        ),
        frozenset(
            (each.of_class, *each.held)
            for each in metrics
            if each.of_class is not None and each.held is not None
        ),
    )
    found = tally(predictions, weights, wanted, units)
    return np.stack([metric.of(found) for metric in metrics], axis=1)


def points(metrics: Sequence[Metric], predictions: Predictions) -> list[float]:
    """Compute metrics of all studies, each counting once; NaN where undefined."""
    [found] = values(
        metrics, predictions, [np.ones(1)], np.zeros(len(predictions), dtype=np.int64)
    )
    return [float(value) for value in found]


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
