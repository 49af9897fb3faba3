"""Answers: what a bundle says of image files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from leanlung.evaluation import probabilities
from leanlung.foundations.errors import LeanlungError, PixelError
from leanlung.pixels import ImageSet, prepare
from leanlung.statistics.temperature import at_temperature
from leanlung.studies.pictures import decode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from leanlung.exports.bundle import Bundle


@dataclass(frozen=True)
class Answer:
    """What a bundle says of one image.

    Attributes:
        image: The file.
        label: The class with the highest probability; None if the image could not be used.
        probabilities: By class name.
        problem: Why it could not be used; empty if it could.
        calibrated: The probabilities at the bundle's temperature, by class name, which can be
            taken at their word as far as the validation part told; empty if it has none.
    """

    image: Path
    label: str | None
    probabilities: dict[str, float]
    problem: str = ""
    calibrated: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Give a value that JSON can hold."""
        return {
            "image": str(self.image),
            "label": self.label,
            "probabilities": self.probabilities,
            "problem": self.problem,
            "calibrated": self.calibrated,
        }


def answer(
    bundle: Bundle,
    images: Sequence[Path],
    masks: Sequence[Path | None] | None = None,
    device: torch.device | None = None,
) -> list[Answer]:
    """Classify image files, prepared as the bundle's training images were.

    Args:
        bundle: The classifier.
        images: PNG, JPEG or DICOM, of any size.
        masks: Lung mask of each, if the bundle crops to the lungs and there are any.
        device: Where to run; the CPU if not given.

    Returns:
        An answer for each image, in order; one that cannot be used carries its problem.
    """
    ready: list[np.ndarray] = []
    places: list[int] = []
    problems: dict[int, str] = {}
    for place, path in enumerate(images):
        mask_path = masks[place] if masks and bundle.pixels.crop == "lungs" else None
        try:
            mask = decode(mask_path) if mask_path else None
            ready.append(prepare(decode(path), bundle.pixels, mask))
            places.append(place)
        except PixelError as error:  # from arrays, which know no file
            beside = f" with lung mask {mask_path}" if mask_path else ""
            problems[place] = f"{path}{beside}: {error}"
        except LeanlungError as error:
            problems[place] = str(error)
    answers = [Answer(path, None, {}, problems.get(n, "")) for n, path in enumerate(images)]
    if not ready:
        return answers
    rows = torch.arange(len(ready))
    batch = ImageSet(torch.from_numpy(np.stack(ready)), rows, torch.zeros_like(rows))
    found = probabilities(
        bundle.network,
        batch,
        bundle.statistics,
        bundle.spec.channels,
        device or torch.device("cpu"),
    )
    cooled: list[dict[str, float]] = [{} for _ in found]
    if bundle.readout is not None:
        shares = at_temperature(found, bundle.readout.temperature.value)
        cooled = [dict(zip(bundle.classes, row, strict=True)) for row in shares.tolist()]
    for place, row, calibrated in zip(places, found, cooled, strict=True):
        by_class = dict(zip(bundle.classes, row.tolist(), strict=True))
        label = bundle.classes[int(row.argmax())]
        answers[place] = Answer(images[place], label, by_class, calibrated=calibrated)
    return answers
