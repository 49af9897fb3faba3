"""Aggregation: from several studies a patient, such as slices of a CT, to one row a patient.

Studies of one patient are alike, and a verdict on slices is one on slices. After aggregation
every row is a patient, so that `measure` and `compare` give figures and intervals of patients.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from leanlung.foundations.errors import DataRefused, StatisticsError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.statistics.flips import healthy_class
from leanlung.statistics.predictions import Predictions
from leanlung.statistics.thresholds import freeze_thresholds

if TYPE_CHECKING:
    from numpy.typing import NDArray

Rule = Literal["mean", "max", "share", "noisy_or"]
RULES: tuple[Rule, ...] = get_args(Rule)

LabelRule = Literal["given", "any", "majority"]
LABEL_RULES: tuple[LabelRule, ...] = get_args(LabelRule)


@dataclass(frozen=True)
class Aggregated:
    """Predictions with one row a patient, and how they came about.

    Attributes:
        predictions: Each patient a study of its own id.
        rule: Of the probabilities.
        label_rule: Of the labels.
        of_class: The class that ``max``, ``share``, ``noisy_or`` and ``any`` look for; None
            where nothing asked for one.
        threshold: From which a study is called so, of ``share``; None of the others.
        studies: How many rows there were.
        fewest: Studies of the patient with the fewest.
        most: Studies of the patient with the most.
        one_class: Patients with several studies, all of one class.
        mixed: Patients whose studies are of several classes.
        ties: Patients whose majority is shared by several classes.
    """

    predictions: Predictions
    rule: Rule
    label_rule: LabelRule
    of_class: str | None
    threshold: float | None
    studies: int
    fewest: int
    most: int
    one_class: tuple[str, ...]
    mixed: tuple[str, ...]
    ties: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON, without the predictions but with a count."""
        told = {k: v for k, v in vars(self).items() if k != "predictions"}
        lists = {k: list(v) for k, v in told.items() if isinstance(v, tuple)}
        return told | lists | {"patients": len(self.predictions)}

    def sentence(self) -> str:
        """Say what was made of what."""
        found = self.predictions
        names = Counter(found.classes[label] for label in found.labels.tolist())
        each = ", ".join(f"{names[name]} {name}" for name in found.classes)
        called = "" if self.threshold is None else f" from {self.threshold:.4g} on"
        looked = f" of {self.of_class}{called}" if self.rule != "mean" else ""
        ties = f", {len(self.ties)} by a tie" if self.ties else ""
        alone = ""
        if self.mixed and self.one_class:
            alone = f"; {len(self.one_class)} have studies of one class only"
        return (
            f"{found.model}: {self.studies} studies of {len(found)} patients "
            f"({self.fewest} to {self.most} each), {self.rule}{looked}; label "
            f"{self.label_rule}: {each}; {len(self.mixed)} have studies of several classes"
            f"{ties}{alone}"
        )


def per_patient(
    predictions: Predictions,
    rule: Rule = "mean",
    *,
    of_class: str = "",
    threshold: float | None = None,
    labels: LabelRule = "given",
) -> Aggregated:
    """Make one row a patient.

    The probability of a patient is, by ``rule``,

    * ``mean``: the mean of the studies', for every class;
    * ``max``: that of the study in which ``of_class`` is likeliest, the first of equals;
    * ``share``: the share of studies whose probability of ``of_class`` is at least the
      threshold; of two classes only;
    * ``noisy_or``: one less the product of one less the probabilities of ``of_class``, as if
      studies told independently of each other, which slices do not: it comes close to 1 for
      everyone with many studies; of two classes only.

    The label of a patient is, by ``labels``,

    * ``given``: that of all its studies, which must be the same;
    * ``any``: ``of_class`` if any study is; otherwise as by ``majority``;
    * ``majority``: the class of most of its studies; of equally many ``of_class`` if it is
      among them, or else the first in the order of classes. Ties are counted.

    Args:
        predictions: With several studies a patient, or one.
        rule: Of the probabilities.
        of_class: Looked for. Of two classes it need not be said if one is called normal.
        threshold: Of ``share``, in [0, 1], frozen on validation: `study_threshold`.
        labels: Rule of the labels.

    Returns:
        Patients in the order of their first study, under the same model and part.

    Raises:
        StatisticsError: If a rule is unknown, does not fit the classes, or lacks a class or a
            threshold; or if labels are ``given`` and those of a patient differ.
    """
    _require_rules(rule, labels)
    looked = _class_looked_for(predictions, rule, of_class, labels)
    if rule == "share" and (threshold is None or not 0.0 <= threshold <= 1.0):
        msg = (
            f"{predictions.model}: the share of studies called {of_class or 'so'} needs a "
            f"threshold in [0, 1], frozen on validation; got {threshold}"
        )
        raise StatisticsError(msg)
    rows: dict[str, list[int]] = {}
    for place, patient in enumerate(predictions.patient_ids):
        rows.setdefault(patient, []).append(place)
    of_patients = [predictions.labels[each] for each in rows.values()]
    found = [_label(each, labels, looked) for each in of_patients]
    mixed = tuple(p for p, own in zip(rows, of_patients, strict=True) if len(set(own)) > 1)
    if labels == "given" and mixed:
        [own] = [o for p, o in zip(rows, of_patients, strict=True) if p == mixed[0]]
        names = sorted(predictions.classes[label] for label in set(own.tolist()))
        msg = (
            f"{predictions.model}: the studies of patient {mixed[0]!r} are of {names}, and "
            f"those of {len(mixed)} of {len(rows)} patients differ; say what the patient is: "
            "any study of the class, or the majority (--patient-label)"
        )
        raise StatisticsError(msg)
    counts = [len(each) for each in rows.values()]
    shares = [
        _shares(predictions.probabilities[each], rule, looked, threshold)
        for each in rows.values()
    ]
    return Aggregated(
        Predictions(
            predictions.model,
            predictions.classes,
            tuple(rows),
            tuple(rows),
            np.array([label for label, _ in found], dtype=np.int64),
            np.array(shares),
            predictions.part,
        ),
        rule,
        labels,
        None if looked is None else predictions.classes[looked],
        threshold if rule == "share" else None,
        len(predictions),
        min(counts),
        max(counts),
        tuple(p for p, e in rows.items() if len(e) > 1 and p not in set(mixed)),
        mixed,
        tuple(p for p, (_, tied) in zip(rows, found, strict=True) if tied),
    )


def study_threshold(
    validation: Predictions, of_class: str = "", *, tested: Predictions | None = None
) -> float:
    """Find from which probability on a single study is called, for the rule ``share``.

    Args:
        validation: Studies of other patients, never of the test part.
        of_class: As for `per_patient`.
        tested: Where it will be used, if at hand: refused if a patient is in both.

    Returns:
        The threshold with the largest sum of sensitivity and specificity over studies.

    Raises:
        DataRefused: If these are predictions of a test part, or share a patient with it.
        StatisticsError: If the class has no study here, or has all.
    """
    if validation.part == "test":
        msg = (
            f"{validation.model}: these are predictions of a test part; a threshold is frozen "
            "on validation, or what is then measured with it is too good to be true"
        )
        raise DataRefused(msg)
    both = set(validation.patient_ids) & set(() if tested is None else tested.patient_ids)
    if both:
        msg = (
            f"{validation.model}: patient {min(both)!r} and {len(both) - 1} more are both in "
            "the predictions a threshold is frozen on and in those it is used on; give "
            "validation predictions of other patients"
        )
        raise DataRefused(msg)
    looked = _class_looked_for(validation, "share", of_class, "given")
    name = None if looked is None else validation.classes[looked]
    for one in freeze_thresholds(validation):
        if one.of_class == name and one.rule == "youden":
            return one.value
    msg = f"{validation.model}: {name} has no study here, or has all: no threshold can be found"
    raise StatisticsError(msg)


def _require_rules(rule: str, labels: str) -> None:
    for given, known in ((rule, RULES), (labels, LABEL_RULES)):
        if given not in known:
            msg = f"no rule {given!r}; there is {list(known)}{did_you_mean(given, known)}"
            raise StatisticsError(msg)


def _class_looked_for(
    predictions: Predictions, rule: Rule, of_class: str, labels: LabelRule
) -> int | None:
    """Give the index of the class that rules look for; None if none does."""
    classes = predictions.classes
    if rule in {"share", "noisy_or"} and len(classes) != 2:
        msg = (
            f"{predictions.model}: {rule} is of two classes, and here are {len(classes)} "
            f"({list(classes)}); take the mean or the max"
        )
        raise StatisticsError(msg)
    if of_class:
        if of_class not in classes:
            hint = did_you_mean(of_class, classes)
            msg = f"{predictions.model}: {of_class!r} is none of {list(classes)}{hint}"
            raise StatisticsError(msg)
        return classes.index(of_class)
    healthy = healthy_class(classes)
    if len(classes) == 2 and healthy is not None:
        return 1 - classes.index(healthy)
    if rule != "mean" or labels == "any":
        msg = (
            f"{predictions.model}: which of the classes {list(classes)} is looked for? Name it "
            "(--of-class), as no two classes with one called normal are there"
        )
        raise StatisticsError(msg)
    return None


def _label(own: NDArray[np.int64], rule: LabelRule, looked: int | None) -> tuple[int, bool]:
    """Give the label of a patient, and whether a tie decided it."""
    if rule == "any" and looked is not None and (own == looked).any():
        return looked, False
    counts = np.bincount(own)
    (top,) = np.nonzero(counts == counts.max())
    chosen = looked if looked is not None and looked in top else int(top[0])
    return chosen, len(top) > 1


def _shares(
    own: NDArray[np.float64], rule: Rule, looked: int | None, threshold: float | None
) -> NDArray[np.float64]:
    """Give the probabilities of a patient, (K,), from those of its studies, (n, K)."""
    if rule == "mean" or looked is None:
        mean: NDArray[np.float64] = own.mean(axis=0)
        return mean
    of_class = own[:, looked]
    if rule == "max":
        row: NDArray[np.float64] = own[int(of_class.argmax())]
        return row
    if threshold is not None and rule == "share":
        share = float((of_class >= threshold).mean())
    else:
        share = 1.0 - float(np.prod(1.0 - of_class))
    pair = np.full(2, 1.0 - share)
    pair[looked] = share
    return pair
