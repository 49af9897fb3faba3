"""Images for a bundle: labelled data prepared as its training images were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from leanlung.foundations.errors import PixelError, StudyError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.pixels import ImageSet, prepare, standardise, unit_range
from leanlung.studies.layouts import read_cohort
from leanlung.studies.pictures import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from leanlung.exports import Bundle
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
    studies = _of_part(read_cohort(data).studies, data, part)
    require_labels(bundle, data, studies)
    return decoded(bundle, studies)


def require_labels(bundle: Bundle, data: Path, studies: Iterable[Study]) -> None:
    """Make sure that a bundle knows every label.

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
    ready = []
    for study in studies:
        lungs = study.lung_mask if bundle.pixels.crop == "lungs" else None
        image = decode(study.image)
        look(study, image)
        try:
            ready.append(prepare(image, bundle.pixels, decode(lungs) if lungs else None))
        except PixelError as error:  # from arrays, which know no file
            beside = f" with lung mask {lungs}" if lungs else ""
            msg = f"{study.image}{beside}: {error}"
            raise PixelError(msg) from error
    labels = [bundle.classes.index(study.label) for study in studies]
    return ImageSet(
        torch.from_numpy(np.stack(ready)), torch.arange(len(ready)), torch.tensor(labels)
    )


def _of_part(studies: Sequence[Study], data: Path, part: str) -> Sequence[Study]:
    given = [study.attributes.get("split", "") for study in studies]
    if not any(given):
        return studies
    found = [study for study, one in zip(studies, given, strict=True) if one == part]
    if not found:
        msg = f"{data}: its split column names {sorted(set(given))}; no study is of {part!r}"
        raise StudyError(msg)
    return found
