"""Predictions: what a model said about every study, beside what was true."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import DataRefused, StatisticsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Three probabilities written with three digits may sum to 0.999.
_SUM_TOLERANCE = 1e-3 + 1e-9


class RepeatedStudies(StatisticsError, DataRefused):  # noqa: N818 - a refusal
    """A study that stands several times, and would count so."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """The answers of one model on one set of studies.

    Attributes:
        model: Name under which the answers are reported.
        classes: Two or more; their order is the order of the columns of ``probabilities``.
        study_ids: One a study, each once.
        patient_ids: Whose study; the same id in several rows makes them one cluster.
        labels: Shape (n,): index of the true class.
        probabilities: Shape (n, classes), in [0, 1]; every row sums to one within 0.001.
        part: Which part of a split the studies are, such as ``test``; None if nobody says.

    Raises:
        StatisticsError: If any of this does not hold; the first offending study is named.
    """

    model: str
    classes: tuple[str, ...]
    study_ids: tuple[str, ...]
    patient_ids: tuple[str, ...]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    part: str | None = None

    def __post_init__(self) -> None:
        labels = np.array(self.labels)
        probabilities = np.array(self.probabilities, dtype=np.float64)
        self._check_names()
        self._check_labels(labels)
        self._check_probabilities(probabilities)
        for name, array in (
            ("labels", labels.astype(np.int64)),
            ("probabilities", probabilities),
        ):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.study_ids)

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """Index of the likeliest class of every study, shape (n,); of equals the first."""
        predicted: NDArray[np.int64] = self.probabilities.argmax(axis=1)
        return predicted

    @cached_property
    def patients(self) -> NDArray[np.int64]:
        """Number of the patient of every study, shape (n,), counted by sorted id."""
        number = {name: index for index, name in enumerate(sorted(set(self.patient_ids)))}
        return np.array([number[name] for name in self.patient_ids], dtype=np.int64)

    @property
    def patient_count(self) -> int:
        """How many patients there are."""
        return int(self.patients.max()) + 1

    @property
    def repeats_patients(self) -> bool:
        """Whether any patient has more than one study."""
        return self.patient_count < len(self)

    def subset(self, mask: NDArray[np.bool_]) -> Predictions:
        """Keep some studies.

        Args:
            mask: Shape (n,); True for those that stay.

        Raises:
            StatisticsError: If none stays, or the mask has another length.
        """
        if mask.shape != (len(self),) or mask.dtype != np.bool_:
            msg = (
                f"{self.model}: a mask of shape {mask.shape} and type {mask.dtype} cannot pick "
                f"among {len(self)} studies; one True or False a study is expected"
            )
            raise StatisticsError(msg)
        return self.rows(np.flatnonzero(mask))

    def rows(self, order: NDArray[np.intp]) -> Predictions:
        """Give the studies at these positions, in this order."""
        return Predictions(
            self.model,
            self.classes,
            tuple(self.study_ids[row] for row in order),
            tuple(self.patient_ids[row] for row in order),
            self.labels[order],
            self.probabilities[order],
            self.part,
        )

    def _check_names(self) -> None:
        if len(self.classes) < 2 or len(set(self.classes)) < len(self.classes):
            self._refuse(f"two or more different classes are expected; got {self.classes}")
        if not self.study_ids:
            self._refuse("no study; at least one is needed to measure anything")
        if len(self.patient_ids) != len(self):
            self._refuse(f"{len(self)} study ids but {len(self.patient_ids)} patient ids")
        for kind, ids in (("study", self.study_ids), ("patient", self.patient_ids)):
            for row, name in enumerate(ids, start=1):
                if not name or name[0].isspace() or name[-1].isspace():
                    self._refuse(
                        f"row {row} has the {kind} id {name!r}; an id is neither empty nor "
                        "begins or ends in a blank (an image whose patient is unknown gets a "
                        "patient id of its own)"
                    )
        if len(set(self.study_ids)) < len(self):
            [(doubled, times)] = Counter(self.study_ids).most_common(1)
            told = f"study id {doubled!r} stands {times} times; each study counts once"
            msg = f"{self.model}: {told}"
            raise RepeatedStudies(msg)

    def _check_labels(self, labels: NDArray[np.int64]) -> None:
        if labels.shape != (len(self),) or labels.dtype.kind not in "iu":
            self._refuse(
                f"labels of shape {labels.shape} and type {labels.dtype}; {len(self)} whole "
                "numbers are expected, the index of the class of every study"
            )
        outside = np.flatnonzero((labels < 0) | (labels >= len(self.classes)))
        if outside.size:
            self._refuse(
                f"study {self.study_ids[outside[0]]!r} has label {labels[outside[0]]}; an "
                f"index into the {len(self.classes)} classes is expected, counted from 0"
            )

    def _check_probabilities(self, probabilities: NDArray[np.float64]) -> None:
        expected = (len(self), len(self.classes))
        if probabilities.shape != expected:
            self._refuse(
                f"probabilities of shape {probabilities.shape}; {expected} is expected"
            )
        # Written so that what is not a number is caught too.
        wrong = np.flatnonzero(~((probabilities >= 0) & (probabilities <= 1)).all(axis=1))
        if wrong.size:
            self._refuse(
                f"study {self.study_ids[wrong[0]]!r} has probabilities "
                f"{probabilities[wrong[0]].tolist()}; numbers in [0, 1] are expected (scores "
                "and logits go through a softmax first)"
            )
        sums = probabilities.sum(axis=1)
        off = np.flatnonzero(np.abs(sums - 1) > _SUM_TOLERANCE)
        if off.size:
            self._refuse(
                f"study {self.study_ids[off[0]]!r} has probabilities that sum to "
                f"{sums[off[0]]:.6g}; one is expected, as every study has exactly one class"
            )

    def _refuse(self, reason: str) -> None:
        msg = f"{self.model}: {reason}"
        raise StatisticsError(msg)
