"""Images for a bundle: labelled data prepared as its training images were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from leanlung.evaluation import probabilities, validation_metrics
from leanlung.exports.cropping import prepared_for
from leanlung.foundations.errors import PixelError, StudyError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.pixels import ImageSet, standardise, unit_range
from leanlung.studies.layouts import read_cohort
from leanlung.studies.pictures import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from leanlung.exports import Bundle, Model
    from leanlung.lungs import Segmenter
    from leanlung.pixels import PixelSpec

    _Way = tuple[PixelSpec, Segmenter | None]
    from leanlung.studies.study import Study

BATCH = 32


@dataclass(frozen=True)
class Batches:
    """Standardised batches of an image set; can be gone through again and again.

    Attributes:
        images: Which.
        bundle: Whose statistics and channels they get.
    """

    images: ImageSet
    bundle: Bundle

    def __iter__(self) -> Iterator[Tensor]:
        """Give (N, C, S, S), in order."""
        return (batch for batch, _ in self.labelled())

    def labelled(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Give (N, C, S, S) with classes, (N,), in order."""
        for places in torch.arange(len(self.images)).split(BATCH):
            batch = unit_range(self.images.take(places))
            batch = standardise(batch, self.bundle.statistics, self.bundle.spec.channels)
            yield batch, self.images.labels[places]


def bundle_images(bundle: Bundle, data: Path, part: str) -> ImageSet:
    """Read one part of labelled data for a bundle.

    Where the data have a ``split`` column (as a run's ``cohort.csv`` has), only studies of the
    part are read, so that nothing is tuned on a test part; without one, all are.

    Args:
        bundle: Says how images are prepared, and its classes.
        data: A folder of images or a manifest.
        part: ``train`` or ``validation``.

    Raises:
        StudyError: If a label is no class of the bundle, an image cannot be read, or the part
            has no study.
    """
    return decoded(bundle, studies_of_part(bundle, data, part))


def metric_on(bundle: Bundle, images: ImageSet, metric: str) -> Callable[[nn.Module], float]:
    """Give a function that measures a network in place of a bundle's, on the CPU.

    Args:
        bundle: Whose statistics and channels images get.
        images: Labelled, such as those of the validation part.
        metric: One of `validation_metrics`.
    """

    def measure(network: nn.Module) -> float:
        answers = probabilities(
            network, images, bundle.statistics, bundle.spec.channels, torch.device("cpu")
        )
        return validation_metrics(images.labels.numpy(), answers)[metric]

    return measure


def studies_of_part(model: Model, data: Path, part: str) -> Sequence[Study]:
    """Find the studies of one part of labelled data, as for `bundle_images`.

    Raises:
        StudyError: If a label is no class of the model, or the part has no study.
    """
    studies = _of_part(read_cohort(data).studies, data, part)
    require_labels(model, data, studies)
    return studies


def require_labels(bundle: Model, data: Path, studies: Iterable[Study]) -> None:
    """Make sure that a bundle or an ensemble knows every label.

    Raises:
        StudyError: If one is no class of the bundle.
    """
    for study in studies:
        if study.label not in bundle.classes:
            hint = did_you_mean(study.label, bundle.classes)
            msg = (
                f"{data}: label {study.label!r} is no class of {bundle.name} "
                f"{list(bundle.classes)}{hint}"
            )
            raise StudyError(msg)


def decoded(
    bundle: Bundle,
    studies: Sequence[Study],
    look: Callable[[Study, NDArray[np.float32]], None] = lambda *_: None,
) -> ImageSet:
    """Read and prepare images as those the bundle was trained on.

    Args:
        bundle: Says how.
        studies: Of its classes.
        look: Shown each image as it was decoded, (H, W).

    Raises:
        StudyError: If a file cannot be read.
        PixelError: If an image cannot be prepared.
    """
    [found] = decoded_for([bundle], studies, look)
    return found


def decoded_for(
    bundles: Sequence[Bundle],
    studies: Sequence[Study],
    look: Callable[[Study, NDArray[np.float32]], None] = lambda *_: None,
) -> list[ImageSet]:
    """Read images once, and prepare them for each of several bundles.

    Args:
        bundles: Say how; those that prepare alike share their images.
        studies: Of the classes of all.
        look: As for `decoded`.

    Returns:
        An image set for each bundle, labelled in the order of its own classes.

    Raises:
        StudyError: If a file cannot be read.
        PixelError: If an image cannot be prepared.
    """
    ways = {_way(one): one for one in bundles}
    ready: dict[_Way, list[NDArray[np.uint8]]] = {way: [] for way in ways}
    crops = any(one.pixels.crop == "lungs" and one.segmenter is None for one in bundles)
    for study in studies:
        image = decode(study.image)
        look(study, image)
        lungs = study.lung_mask if crops else None
        try:
            mask = decode(lungs) if lungs else None
            for way, one in ways.items():
                ready[way].append(prepared_for(one, image, mask).image)
        except PixelError as error:  # from arrays, which know no file
            beside = f" with lung mask {lungs}" if lungs else ""
            msg = f"{study.image}{beside}: {error}"
            raise PixelError(msg) from error
    images = {way: torch.from_numpy(np.stack(prepared)) for way, prepared in ready.items()}
    rows = torch.arange(len(studies))
    return [
        ImageSet(
            images[_way(one)],
            rows,
            torch.tensor([one.classes.index(study.label) for study in studies]),
        )
        for one in bundles
    ]


def _way(bundle: Bundle) -> _Way:
    """Give what decides how a bundle prepares images; those of which it is equal share them."""
    return bundle.pixels, bundle.segmenter


def _of_part(studies: Sequence[Study], data: Path, part: str) -> Sequence[Study]:
    given = [study.attributes.get("split", "") for study in studies]
    if not any(given):
        return studies
    found = [study for study, one in zip(studies, given, strict=True) if one == part]
    if not found:
        msg = f"{data}: its split column names {sorted(set(given))}; no study is of {part!r}"
        raise StudyError(msg)
    return found
