"""What is told of a CT volume: answers to its slices, and the figures they come to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.foundations.files import write_json
from leanlung.foundations.tables import write_table
from leanlung.statistics.aggregation import per_patient
from leanlung.statistics.temperature import at_temperature

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.pixels import PixelSpec
    from leanlung.runs.volume_slices import LungSlices
    from leanlung.statistics import Predictions

TABLE, TOLD, STRIP = "slices.csv", "volume.json", "strip.png"


@dataclass(frozen=True, eq=False)
class VolumeAnswers:
    """What a bundle says of a volume.

    Attributes:
        found: The volume, its window, and the slices that were left out.
        predictions: A row a slice; what is true of them is not known, so labels mean nothing.
        indices: Of the slices, in the same order.
        of_class: The class the figures of the volume are about.
        threshold: Frozen for that class; None where the bundle has none.
        temperature: Of calibrated probabilities; None where the bundle has none.
        pixels: How slices are prepared, of every network that does it in a way of its own.
        made_up: Whether volume and bundle are phantoms' (either).
        told: What is to be known beside the figures.
    """

    found: LungSlices
    predictions: Predictions
    indices: tuple[int, ...]
    of_class: str
    threshold: float | None
    temperature: float | None
    pixels: tuple[PixelSpec, ...]
    made_up: tuple[bool, bool]
    told: tuple[str, ...] = field(default=())

    def figures(self) -> dict[str, Any]:
        """Give mean, max and share of slices above the threshold, each by the rule's name."""
        mean = per_patient(self.predictions, "mean", of_class=self.of_class)
        against = _against_the_rest(self.predictions, self.of_class)
        most = per_patient(against, "max", of_class=self.of_class)
        column = self.predictions.classes.index(self.of_class)
        top = int(self.predictions.probabilities[:, column].argmax())
        means = mean.predictions.probabilities[0].tolist()
        share: dict[str, Any] = {
            "value": None,
            "threshold": None,
            "why": f"the bundle has no threshold of {self.of_class} frozen on validation",
        }
        if self.threshold is not None:
            above = per_patient(
                against, "share", of_class=self.of_class, threshold=self.threshold
            )
            value = float(above.predictions.probabilities[0, 1])
            share = {"value": value, "threshold": self.threshold, "why": ""}
        return {
            "of_class": self.of_class,
            "mean": dict(zip(self.predictions.classes, means, strict=True)),
            "max": {
                "value": float(most.predictions.probabilities[0, 1]),
                "slice": self.indices[top],
            },
            "share": share,
        }

    def rows(self) -> list[dict[str, Any]]:
        """Give an entry a slice, as ``leanlung predict`` tells of an image."""
        shares = self.predictions.probabilities
        warm = None if self.temperature is None else at_temperature(shares, self.temperature)
        classes = self.predictions.classes
        return [
            {
                "study_id": self.predictions.study_ids[row],
                "slice": index,
                "label": classes[int(shares[row].argmax())],
                "probabilities": dict(zip(classes, shares[row].tolist(), strict=True)),
                "calibrated": {}
                if warm is None
                else dict(zip(classes, warm[row].tolist(), strict=True)),
            }
            for row, index in enumerate(self.indices)
        ]

    def as_dict(self) -> dict[str, Any]:
        """Give a value that JSON can hold."""
        volume = self.found.volume
        return {
            "volume": str(volume.path),
            "shape": list(volume.shape),
            "spacing": list(volume.spacing),
            "window": None
            if volume.windowed
            else {"name": self.found.window.name, "low": self.found.window.low}
            | {"high": self.found.window.high},
            "pixels": [spec.model_dump() for spec in self.pixels],
            "looked_at": len(self.found.looked_at),
            "answered": len(self.indices),
            "left_out": self.found.left_out,
            "without_lung": list(self.found.without),
            "problems": {str(index): why for index, why in self.found.problems.items()},
            "made_up": {"volume": self.made_up[0], "bundle": self.made_up[1]},
            "figures": self.figures(),
            "slices": self.rows(),
            "told": list(self.told),
        }

    def save(self, out: Path) -> None:
        """Write the table of slices and all that is told."""
        classes = self.predictions.classes
        shares = [f"p_{name}" for name in classes]
        columns = ["study_id", "patient_id", "slice", "answer", *shares]
        rows = [
            {
                "study_id": one["study_id"],
                "patient_id": self.predictions.patient_ids[0],
                "slice": one["slice"],
                "answer": one["label"],
                **dict(zip(shares, one["probabilities"].values(), strict=True)),
            }
            for one in self.rows()
        ]
        write_table(out / TABLE, columns, rows)
        write_json(out / TOLD, self.as_dict())


def _against_the_rest(predictions: Predictions, of_class: str) -> Predictions:
    """Make two columns of all: the others together, and the class."""
    column = predictions.probabilities[:, predictions.classes.index(of_class)]
    column = np.clip(column, 0.0, 1.0)
    return replace(
        predictions,
        classes=(f"not {of_class}", of_class),
        probabilities=np.stack([1.0 - column, column], axis=1),
    )
