"""Parts for a bundle: labelled data to learn from and to choose on, with no patient in both."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from leanlung.foundations.seeds import Seeds
from leanlung.runs.bundle_images import decoded, require_labels
from leanlung.runs.looks import alike_of, describe
from leanlung.studies.layouts import read_cohort
from leanlung.studies.leaks import find_leaks, refuse_leaks
from leanlung.studies.split import Part, Shares, assign_parts, given_parts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from leanlung.exports import Bundle
    from leanlung.pixels import ImageSet
    from leanlung.runs.progress import Progress
    from leanlung.studies.study import Cohort, Study

SHARES = Shares(train=0.85, validation=0.15, test=0.0)
NEEDED: tuple[Part, ...] = ("train", "validation")
_ADVICE = (
    "Give such studies one patient_id or one part, or go on with --allow: the model card then "
    "says so"
)


@dataclass(frozen=True)
class BundleParts:
    """Labelled data in two parts.

    Attributes:
        train: To learn from.
        validation: To choose on.
        chosen_on: The studies of the validation part, in the order of its images.
        made_up: Whether every image is a phantom.
        told: ``parted`` (how), ``leaks_allowed``, and for each part its ``studies`` and
            ``patients``.
    """

    train: ImageSet
    validation: ImageSet
    chosen_on: Cohort
    made_up: bool
    told: Mapping[str, Any]


def bundle_parts(
    bundle: Bundle, data: Path, progress: Progress, *, seed: int = 0, allow: bool = False
) -> BundleParts:
    """Read labelled data for a bundle, in the parts they tell of or in parts drawn by patient.

    Where the data have a ``split`` column (as a run's ``cohort.csv`` has), its training and
    validation parts are taken, and no image of its test part is read. Without one, 85 % of
    every class are drawn to learn from and 15 % to choose on, by patient; patients with the
    same or nearly the same picture stay together.

    Args:
        bundle: Says how images are prepared, and its classes.
        data: A folder of images or a manifest.
        progress: Told what is going on.
        seed: Draws the parts.
        allow: Whether to go on in spite of leaks between the given parts.

    Raises:
        StudyError: If a label is no class of the bundle, an image cannot be read, or a part
            lacks a class.
        PixelError: If an image cannot be prepared.
        DataRefused: If a patient, or a picture, is in two of the given parts.
    """
    cohort = read_cohort(data)
    require_labels(bundle, data, cohort.studies)
    cohort = cohort.of_classes(bundle.classes)
    given = any(study.attributes.get("split") for study in cohort.studies)
    parts = given_parts(cohort, NEEDED) if given else {}
    used = cohort.where(lambda study: parts.get(study.study_id) != "test")
    facts: dict[str, dict[str, str]] = {}
    with progress.task("preparing images", len(used.studies)) as done:

        def note(study: Study, image: NDArray[np.float32]) -> None:
            facts[study.study_id] = describe(image)
            done(len(facts))

        images = decoded(bundle, used.studies, note)
    alike = alike_of(list(facts), facts)
    if given:
        leaks = find_leaks(cohort, parts, alike)
        if not allow:
            refuse_leaks(leaks, _ADVICE)
    else:
        leaks = ()
        parts = assign_parts(used, SHARES, Seeds(seed), [(one, two) for _, one, two in alike])
    parted = "by the split column" if given else "by patient, 85 % to 15 %"
    told = {"parted": parted, "leaks_allowed": len(leaks), **_counts(used, parts)}
    rows = {part: _rows(used, parts, part) for part in NEEDED}
    train, validation = (
        replace(images, rows=rows[part], labels=images.labels[rows[part]]) for part in NEEDED
    )
    chosen_on = used.where(lambda study: parts[study.study_id] == "validation")
    return BundleParts(train, validation, chosen_on, used.made_up, told)


def _rows(cohort: Cohort, parts: Mapping[str, Part], part: Part) -> torch.Tensor:
    found = [n for n, study in enumerate(cohort.studies) if parts[study.study_id] == part]
    return torch.tensor(found, dtype=torch.int64)


def _counts(cohort: Cohort, parts: Mapping[str, Part]) -> dict[str, dict[str, int]]:
    studies = Counter(parts[study.study_id] for study in cohort.studies)
    patients = {(parts[study.study_id], study.patient_id) for study in cohort.studies}
    whose = Counter(part for part, _ in patients)
    return {part: {"studies": studies[part], "patients": whose[part]} for part in NEEDED}
