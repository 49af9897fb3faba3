"""Images for a bundle: labelled data prepared as its training images were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from leanlung.foundations.errors import StudyError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.pixels import ImageSet, prepare, standardise, unit_range
from leanlung.studies.layouts import read_cohort
from leanlung.studies.pictures import decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

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
    for study in studies:
        if study.label not in bundle.classes:
            hint = did_you_mean(study.label, bundle.classes)
            msg = (
                f"{data}: label {study.label!r} is no class of {bundle.name} "
                f"{list(bundle.classes)}{hint}"
            )
            raise StudyError(msg)
    crops = bundle.pixels.crop == "lungs"
    ready = [
        prepare(
            decode(study.image),
            bundle.pixels,
            decode(study.lung_mask) if crops and study.lung_mask else None,
        )
        for study in studies
    ]
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
