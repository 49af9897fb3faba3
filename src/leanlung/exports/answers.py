"""Answers: what a bundle says of image files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from leanlung.evaluation import probabilities
from leanlung.exports.cropping import prepared_for
from leanlung.exports.models import combined, networks_of
from leanlung.foundations.errors import LeanlungError, PixelError
from leanlung.pixels import ImageSet
from leanlung.statistics.temperature import at_temperature
from leanlung.studies.pictures import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from leanlung.exports.bundle import Bundle
    from leanlung.exports.models import Model


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
        whole: Why the image was read whole by a bundle that crops to the lungs; empty if it
            was cropped, or the bundle does not crop.
    """

    image: Path
    label: str | None
    probabilities: dict[str, float]
    problem: str = ""
    calibrated: dict[str, float] = field(default_factory=dict)
    whole: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give a value that JSON can hold."""
        return {
            "image": str(self.image),
            "label": self.label,
            "probabilities": self.probabilities,
            "problem": self.problem,
            "calibrated": self.calibrated,
            "whole": self.whole,
        }


def answer(
    bundle: Model,
    images: Sequence[Path],
    masks: Sequence[Path | None] | None = None,
    device: torch.device | None = None,
    look: Callable[[Path, NDArray[np.float32]], None] = lambda *_: None,
) -> list[Answer]:
    """Classify image files, prepared as the training images were.

    Args:
        bundle: The classifier; of an ensemble, every member prepares images in its own way.
        images: PNG, JPEG or DICOM, of any size.
        masks: Lung mask of each, if the bundle crops to the lungs and there are any; one that
            carries a segmenter finds the lungs itself.
        device: Where to run; the CPU if not given.
        look: Shown each image as it was decoded, (H, W); what it raises is not caught.

    Returns:
        An answer for each image, in order; one that cannot be used carries its problem.
    """
    networks = networks_of(bundle)
    crops = any(n.pixels.crop == "lungs" and n.segmenter is None for n in networks)
    ready: list[list[NDArray[np.uint8]]] = []
    places: list[int] = []
    problems: dict[int, str] = {}
    whole: dict[int, str] = {}
    for place, path in enumerate(images):
        mask_path = masks[place] if masks and crops else None
        try:
            mask = decode(mask_path) if mask_path else None
            image = decode(path)
            made = [prepared_for(network, image, mask) for network in networks]
            ready.append([one.image for one in made])
            whole[place] = next((one.whole for one in made if one.whole), "")
            places.append(place)
        except PixelError as error:  # from arrays, which know no file
            beside = f" with lung mask {mask_path}" if mask_path else ""
            problems[place] = f"{path}{beside}: {error}"
        except LeanlungError as error:
            problems[place] = str(error)
        else:
            look(path, image)
    answers = [Answer(path, None, {}, problems.get(n, "")) for n, path in enumerate(images)]
    if not ready:
        return answers
    where = device or torch.device("cpu")
    each = [
        _answered(network, [row[column] for row in ready], where)
        for column, network in enumerate(networks)
    ]
    found = combined(bundle, each)
    cooled: list[dict[str, float]] = [{} for _ in found]
    if bundle.readout is not None:
        shares = at_temperature(found, bundle.readout.temperature.value)
        cooled = [dict(zip(bundle.classes, row, strict=True)) for row in shares.tolist()]
    for place, row, calibrated in zip(places, found, cooled, strict=True):
        by_class = dict(zip(bundle.classes, row.tolist(), strict=True))
        label = bundle.classes[int(row.argmax())]
        answers[place] = Answer(
            images[place], label, by_class, calibrated=calibrated, whole=whole[place]
        )
    return answers


def _answered(
    network: Bundle, ready: Sequence[NDArray[np.uint8]], device: torch.device
) -> NDArray[np.float64]:
    """Let one network answer prepared images, (N, classes)."""
    rows = torch.arange(len(ready))
    batch = ImageSet(torch.from_numpy(np.stack(ready)), rows, torch.zeros_like(rows))
    return probabilities(
        network.answering, batch, network.statistics, network.spec.channels, device
    )
