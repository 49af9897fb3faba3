"""The flow: from the images that were found to those that were answered, with who fell out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leanlung.reports.seeds import Seed

_PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Station:
    """One box of the flow.

    Attributes:
        title: What it holds.
        lines: How many.
    """

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Flow:
    """Boxes from top to bottom.

    Attributes:
        found: All images.
        fallen: What fell out on the way, and why.
        kept: Those of the run.
        parts: Side by side.
        answered: What became of the test part.
    """

    found: Station
    fallen: Station
    kept: Station
    parts: tuple[Station, ...]
    answered: Station


def flow(data: Mapping[str, Any], seed: Seed) -> Flow:
    """Draw the flow.

    Args:
        data: As in ``data.json``.
        seed: The one the headline is about.
    """
    left_out, unreadable = sum(data["left_out"].values()), len(data["unreadable"])
    lost = [f"{numbers.count(left_out)} of other labels"]
    lost += [f"{name}: {numbers.count(times)}" for name, times in data["left_out"].items()]
    lost.append(f"{numbers.count(unreadable)} could not be read")
    parts = data["parts"]
    predictions = seed.unpruned.predictions
    networks = "both networks" if len(seed.networks) > 1 else "the network"
    return Flow(
        Station(
            "Images found",
            (numbers.counted(data["studies"] + left_out + unreadable, "image", "images"),),
        ),
        Station("Left out", tuple(lost)),
        Station("Of the run", (_of(data["studies"], data["patients"]),)),
        tuple(
            Station(
                part,
                (
                    _of(sum(parts[part]["studies"].values()), parts[part]["patients"]),
                    *(
                        f"{name}: {numbers.count(times)}"
                        for name, times in parts[part]["studies"].items()
                    ),
                ),
            )
            for part in _PARTS
            if part in parts
        ),
        Station(
            f"Test part, answered by {networks}",
            (_of(len(predictions), predictions.patient_count),),
        ),
    )


def _of(studies: int, patients: int) -> str:
    return (
        f"{numbers.counted(studies, 'study', 'studies')} of "
        f"{numbers.counted(patients, 'patient', 'patients')}"
    )
