"""Answer a CT volume: a bundle is asked about its slices, some at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from leanlung.evaluation import probabilities
from leanlung.exports.models import combined, networks_of
from leanlung.foundations.errors import UsageError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.pixels import ImageSet, prepare
from leanlung.runs.volume_told import VolumeAnswers
from leanlung.statistics import Predictions
from leanlung.statistics.flips import healthy_class

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from leanlung.exports import Bundle, Model
    from leanlung.runs.progress import Progress
    from leanlung.runs.volume_slices import LungSlice, LungSlices

BATCH = 32
"""Slices that are held at once."""

NOT_TOLD = "whether its network ever learnt from CT slices, a bundle does not tell"
_RULE = "youden"


@dataclass(frozen=True, eq=False)
class Batch:
    """Some slices with what a model makes of them.

    Attributes:
        slices: As they lie in the volume.
        ready: Of each network of the model, what it reads: (N, S, S), uint8.
        crops: Of each network, the mask each slice is cropped by; None where it is read whole.
        probabilities: (N, classes), of the model.
    """

    slices: Sequence[LungSlice]
    ready: Sequence[NDArray[np.uint8]]
    crops: Sequence[Sequence[NDArray[np.generic] | None]]
    probabilities: NDArray[np.float64]


def class_looked_for(model: Model, name: str) -> str:
    """Give the class that a volume's figures are about.

    Args:
        model: Of some classes.
        name: As asked for; if empty, of two classes the one that is not called normal.

    Raises:
        UsageError: If it is none of the model's, or none is named and none follows.
    """
    classes = model.classes
    if name and name not in classes:
        hint = did_you_mean(name, classes)
        msg = f"no class {name!r}; {model.name} knows {list(classes)}{hint}"
        raise UsageError(msg)
    healthy = healthy_class(classes)
    if not name and (len(classes) != 2 or healthy is None):
        msg = (
            f"which of the classes {list(classes)} is looked for in the volume? Name it with "
            "--of-class, as there are no two classes with one called normal"
        )
        raise UsageError(msg)
    return name or next(one for one in classes if one != healthy)


def answer_volume(
    model: Model,
    found: LungSlices,
    of_class: str,
    device: torch.device,
    progress: Progress,
    look: Callable[[Batch], None] = lambda _: None,
) -> VolumeAnswers:
    """Let a bundle or an ensemble answer the slices of a volume, some at a time.

    A slice is prepared as a picture of it would be; a network that crops to the lungs and
    carries no segmenter crops to those found by their air.

    Args:
        model: Who is asked.
        found: The slices.
        of_class: As `class_looked_for` gives it.
        device: Where networks run.
        progress: Told how far it is.
        look: Shown every batch, as for drawing.

    Raises:
        PixelError: If a slice cannot be prepared.
    """
    shares: list[NDArray[np.float64]] = []
    indices: list[int] = []
    names: list[str] = []
    whole: list[int] = []
    with progress.task("slices", len(found)) as done:
        for slices in found.batches(BATCH):
            batch = _answered(model, slices, device)
            shares.append(batch.probabilities)
            indices += [one.index for one in slices]
            names += [one.study_id for one in slices]
            whole += _read_whole(model, batch)
            look(batch)
            done(len(indices))
    volume = found.volume
    patient = volume.path.absolute().name
    told = [NOT_TOLD, *volume.notes, *_about_crops(model, whole)]
    if volume.windowed:
        told.append(
            "the volume is grey from 0 to 255 already: no window is applied, and lungs were "
            "found slice by slice"
        )
    readout = model.readout
    return VolumeAnswers(
        found,
        Predictions(
            model.name,
            model.classes,
            tuple(names),
            (patient,) * len(names),
            np.zeros(len(names), dtype=np.int64),
            np.concatenate(shares),
        ),
        tuple(indices),
        of_class,
        _threshold(model, of_class),
        None if readout is None else readout.temperature.value,
        tuple(dict.fromkeys(network.pixels for network in networks_of(model))),
        (volume.made_up, model.made_up),
        tuple(told),
    )


def _answered(model: Model, slices: Sequence[LungSlice], device: torch.device) -> Batch:
    ready, crops, answers = [], [], []
    for network in networks_of(model):
        masks = [_crop(network, one) for one in slices]
        made = np.stack(
            [
                prepare(one.image, network.pixels, mask)
                for one, mask in zip(slices, masks, strict=True)
            ]
        )
        rows = torch.arange(len(slices))
        images = ImageSet(torch.from_numpy(made), rows, torch.zeros_like(rows))
        answers.append(
            probabilities(
                network.answering, images, network.statistics, network.spec.channels, device
            )
        )
        ready.append(made)
        crops.append(masks)
    return Batch(slices, ready, crops, combined(model, answers))


def _crop(network: Bundle, one: LungSlice) -> NDArray[np.generic] | None:
    """Give the mask that a network's slices are cropped by, as when it was trained."""
    if network.pixels.crop != "lungs":
        return None
    if network.segmenter is None:
        return one.lungs
    [at] = network.segmenter.find([one.image])
    return at.of_film() if at.at.plausible else None


def _read_whole(model: Model, batch: Batch) -> list[int]:
    """Give slices that a network that crops was shown whole."""
    crops = [
        masks
        for network, masks in zip(networks_of(model), batch.crops, strict=True)
        if network.pixels.crop == "lungs"
    ]
    return [
        one.index
        for place, one in enumerate(batch.slices)
        if any(masks[place] is None for masks in crops)
    ]


def _about_crops(model: Model, whole: Sequence[int]) -> list[str]:
    told = []
    crops = [one for one in networks_of(model) if one.pixels.crop == "lungs"]
    if any(one.segmenter is None for one in crops):
        told.append("slices are cropped to the lungs as their air shows them, not by a mask")
    if whole:
        told.append(
            f"{len(whole)} slices were read whole, as the bundle's segmenter found no lungs: "
            f"{', '.join(map(str, whole))}"
        )
    return told


def _threshold(model: Model, of_class: str) -> float | None:
    frozen = () if model.readout is None else model.readout.thresholds
    values = [one.value for one in frozen if (one.of_class, one.rule) == (of_class, _RULE)]
    return values[0] if values else None
