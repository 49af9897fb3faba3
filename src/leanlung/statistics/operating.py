"""Operating points: sensitivity and specificity of a class at a threshold frozen beforehand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import DataRefused, StatisticsError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.statistics.auc import roc_curve
from leanlung.statistics.families import METRICS, Family
from leanlung.statistics.metrics import Metric, find_metric, metric_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leanlung.statistics.predictions import Predictions
    from leanlung.statistics.tally import Held

    Pair = tuple[Predictions, Predictions]

OPERATING: dict[str, str] = {
    "sensitivity_at_threshold:<class>": (
        "share of the studies of the class called so from a threshold on that is given"
    ),
    "specificity_at_threshold:<class>": (
        "share of the other studies not called so from a threshold on that is given"
    ),
    "sensitivity_at_specificity:<class>@<share>": (
        "sensitivity at the threshold that has this specificity on validation"
    ),
    "specificity_at_sensitivity:<class>@<share>": (
        "specificity at the threshold that has this sensitivity on validation"
    ),
}
"""Metrics of `compare_all` that take a threshold; ``measure`` knows none of them."""

_ROUNDING = 1e-12


@dataclass(frozen=True)
class Frozen:
    """Where thresholds come from.

    Attributes:
        thresholds: For a class the thresholds of the baseline and of the candidate, each in
            [0, 1]: a study is called so if its probability of the class is at least this.
        validation: Predictions of both on other studies, where thresholds may be chosen.
    """

    thresholds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    validation: Pair | None = None


def metric_pair(name: str, pair: Pair, frozen: Frozen) -> tuple[Metric, Metric, str]:
    """Look a metric up for two models, each with its own threshold if it takes one.

    Args:
        name: As `find_metric` takes it, or a key of `OPERATING` with a class and a share.
        pair: What is to be compared, over the same classes in the same order.
        frozen: Where thresholds come from.

    Returns:
        The metric of either model, and a note on the thresholds for the end of a method.

    Raises:
        StatisticsError: If there is no such metric or class, or no threshold for it.
        DataRefused: If a threshold would be chosen on the test part, or on studies or patients
            that are to be compared.
    """
    classes = pair[0].classes
    kind, colon, rest = name.partition(":")
    if not colon or f"{kind}:" not in {key.partition("<")[0] for key in OPERATING}:
        found = _find(name, classes)
        return found, found, ""
    measured, _, given = kind.partition("_at_")
    family = METRICS[f"{measured}:<class>"]
    if given == "threshold":
        index = _class(name, rest, classes)
        chosen = _given(name, rest, frozen)
        return *_at(name, family, index, chosen), f"; {_told(chosen)}, as given"
    of_class, _, share = rest.rpartition("@")
    value = _share(name, share if "@" in rest else "")
    index = _class(name, of_class, classes)
    held: Held = "specificity" if given == "specificity" else "sensitivity"
    if frozen.validation is not None:
        _require_apart(frozen.validation, pair)
        one, two = (choose_threshold(each, of_class, held, value) for each in frozen.validation)
        return *_at(name, family, index, (one, two)), f"; {_told((one, two))}, from validation"
    _require_no_test(pair, name)
    found = Metric(name, _on_curve(family), index, held=(held, value))
    return found, found, "; threshold from these very studies: optimistic"


def choose_threshold(
    predictions: Predictions, of_class: str, held: Held, share: float
) -> float:
    """Find the threshold that keeps one side of the ROC curve and has the most of the other.

    Args:
        predictions: Of the validation part.
        of_class: Name of the class.
        held: What is kept.
        share: At least how much of it, in (0, 1].

    Returns:
        In [0, 1], half-way to the next probability, so that rounding moves no study. Where not
        even the highest probability keeps the specificity, it is half-way from there to 1.

    Raises:
        StatisticsError: If the class is unknown, or it has no study here, or all.
        DataRefused: If these are the predictions of a test part.
    """
    if predictions.part == "test":
        msg = (
            f"{predictions.model}: these are predictions of a test part; a threshold is chosen "
            "on validation, or what is then measured with it is too good to be true"
        )
        raise DataRefused(msg)
    index = _class(predictions.model, of_class, predictions.classes)
    curve = roc_curve(predictions.labels == index, predictions.probabilities[:, index])
    if curve is None:
        msg = (
            f"{predictions.model}: no threshold can be chosen for {of_class!r}; it takes "
            "studies of the class and of others"
        )
        raise StatisticsError(msg)
    thresholds = np.minimum(curve.thresholds, 1.0 + 1e-9)
    if held == "specificity":
        kept = 1.0 - curve.false_positive_shares >= share - _ROUNDING
        place = int(np.flatnonzero(kept)[-1])
    else:
        kept = curve.true_positive_shares >= share - _ROUNDING
        place = int(np.flatnonzero(kept)[0])
    here = float(thresholds[place])
    below = float(thresholds[place + 1]) if place + 1 < len(thresholds) else 0.0
    middle = (min(here, 1.0) + below) / 2.0
    return middle if middle > below else min(here, 1.0)


def _find(name: str, classes: Sequence[str]) -> Metric:
    try:
        return find_metric(name, classes)
    except StatisticsError:
        names = [*metric_names(classes), *_names(classes)]
        msg = f"no metric {name!r}{did_you_mean(name, names)}; there are {', '.join(names)}"
        raise StatisticsError(msg) from None


def _names(classes: Sequence[str]) -> list[str]:
    return [
        key.replace("<class>", name).replace("<share>", "0.95")
        for key in OPERATING
        for name in classes
    ]


def _class(where: str, name: str, classes: Sequence[str]) -> int:
    if name not in classes:
        msg = f"{where}: no class {name!r} among {list(classes)}{did_you_mean(name, classes)}"
        raise StatisticsError(msg)
    return classes.index(name)


def _share(name: str, text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = float("nan")
    if not 0.0 < share <= 1.0:
        msg = f"{name}: after the class an @ and a share in (0, 1] are expected, such as @0.95"
        raise StatisticsError(msg)
    return share


def _given(name: str, of_class: str, frozen: Frozen) -> tuple[float, float]:
    if of_class not in frozen.thresholds:
        msg = (
            f"{name}: no threshold of {of_class!r} is given (there are "
            f"{sorted(frozen.thresholds)}); choose one on validation and give it, such as "
            f"--threshold {of_class}=0.31"
        )
        raise StatisticsError(msg)
    chosen = frozen.thresholds[of_class]
    for value in chosen:
        if not 0.0 <= value <= 1.0:
            msg = f"{name}: threshold {value}; a probability in [0, 1] is expected"
            raise StatisticsError(msg)
    return chosen


def _at(
    name: str, family: Family, index: int, thresholds: tuple[float, float]
) -> tuple[Metric, Metric]:
    one, two = (Metric(name, family, index, threshold=value) for value in thresholds)
    return one, two


def _on_curve(family: Family) -> Family:
    """The same figure, but the threshold varies with the studies and widens the interval."""
    return Family(
        family.description,
        "studies of the class and of others",
        "bootstrap",
        "either",
        family.of,
    )


def _told(thresholds: tuple[float, float]) -> str:
    one, two = thresholds
    return f"threshold {one:.4g}" if one == two else f"thresholds {one:.4g} and {two:.4g}"


def _require_no_test(pair: Pair, name: str) -> None:
    for each in pair:
        if each.part == "test":
            msg = (
                f"{each.model}: {name} would choose its threshold on these predictions, which "
                "are of a test part; give predictions on validation (--validation A.csv B.csv)"
            )
            raise DataRefused(msg)


def _require_apart(validation: Pair, pair: Pair) -> None:
    for chosen, tested in zip(validation, pair, strict=True):
        for kind, ids, others in (
            ("study", chosen.study_ids, tested.study_ids),
            ("patient", chosen.patient_ids, tested.patient_ids),
        ):
            shared = sorted(set(ids) & set(others))
            if shared:
                msg = (
                    f"{chosen.model}: {kind} {shared[0]!r} and {len(shared) - 1} more are both "
                    "in the predictions a threshold is chosen on and in those compared; a "
                    "threshold comes from other patients, or its figure is too good to be true"
                )
                raise DataRefused(msg)
