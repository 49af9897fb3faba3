"""Seen: the images that something about a model was chosen on, so that none tests it later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leanlung.foundations import fingerprints
from leanlung.foundations.errors import DataRefused
from leanlung.studies.pictures.hashes import pixel_sha256

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Seen:
    """Images that something was chosen on; no id, no name and no picture among it.

    Attributes:
        studies: How many.
        patients: Of how many.
        study_ids_sha256: Of their ids, as `ids_sha256` gives it.
        pixels: SHA-256 of every picture, as `pixel_sha256` gives it: two archives may name
            different pictures alike, and one picture differently.
    """

    studies: int
    patients: int
    study_ids_sha256: str
    pixels: frozenset[str]

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON, without the pictures."""
        return {
            "studies": self.studies,
            "patients": self.patients,
            "study_ids_sha256": self.study_ids_sha256,
        }

    def require_other(self, image: NDArray[np.float32], path: Path, name: str) -> None:
        """Refuse an image that is among these.

        Args:
            image: Shape (height, width), in [0, 1], as it was decoded.
            path: Its file.
            name: Of the model.

        Raises:
            DataRefused: If it is.
        """
        if pixel_sha256(image) in self.pixels:
            msg = (
                f"{path}: {name} was put together on this very picture (one of {self.studies} "
                "validation images); what is measured on it is too good to be true: give "
                "images of other patients"
            )
            raise DataRefused(msg)


def ids_sha256(study_ids: Iterable[str]) -> str:
    """Give the SHA-256 of study ids, whatever their order."""
    return fingerprints.of_value(sorted(study_ids))
