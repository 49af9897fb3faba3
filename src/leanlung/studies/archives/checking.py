"""Check a manifest: what a run would find, image by image."""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leanlung.foundations.errors import StudyError
from leanlung.studies.archives.indexing import confidence_counts
from leanlung.studies.leaks import find_leaks, look_alikes
from leanlung.studies.pictures import decode
from leanlung.studies.pictures.hashes import pixel_sha256
from leanlung.studies.pictures.likeness import Look, look, near_identical_pairs
from leanlung.studies.split import PARTS
from leanlung.studies.study import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from leanlung.studies.leaks import Kind, Leak
    from leanlung.studies.study import Cohort, Study


@dataclass(frozen=True)
class Seen:
    """A decoded picture in a few numbers.

    Attributes:
        sha256: Of its pixels.
        look: Of it.
        shape: Height and width.
    """

    sha256: str
    look: Look
    shape: tuple[int, int]


@dataclass(frozen=True)
class Checked:
    """What a look at every image found.

    Attributes:
        cohort: What was looked at, the unreadable images with it.
        alike: Pairs of studies with the same or nearly the same picture.
        leaks: What stands in two parts, if the manifest has parts.
        told: Everything else, in sentences.
    """

    cohort: Cohort
    alike: tuple[tuple[Kind, str, str], ...]
    leaks: tuple[Leak, ...]
    told: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Describe it, as a value that JSON can hold."""
        studies = self.cohort.studies
        owner = {study.study_id: study for study in studies}
        return {
            "cohort": self.cohort.name,
            "images": len(studies),
            "patients": len(self.cohort.patients),
            "classes": self.cohort.counts,
            "confidence": confidence_counts(self.cohort),
            "sources": dict(Counter(s.attributes.get("source", "") for s in studies)),
            "patients_of_several_classes": list(self.cohort.mixed_patients),
            "unreadable": [
                {"image": str(one.image), "reason": one.reason}
                for one in self.cohort.unreadable
            ],
            "alike": [
                {
                    "kind": kind,
                    "studies": [one, other],
                    "same_patient": owner[one].patient_id == owner[other].patient_id,
                    "same_label": owner[one].label == owner[other].label,
                }
                for kind, one, other in self.alike
            ],
            "leaks": [
                {"kind": x.kind, "studies": [x.first, x.second], "parts": list(x.parts)}
                for x in self.leaks
            ],
            "told": list(self.told),
        }


def pictures_of(
    cohort: Cohort, watch: Callable[[int], None] = lambda _done: None
) -> tuple[dict[str, Seen], tuple[Unreadable, ...]]:
    """Decode every image of a cohort and take down what tells it from others.

    Args:
        cohort: Its images.
        watch: Told how many are done.

    Returns:
        What was seen, by study id; files that could not be read, with the reason.
    """

    def one(study: Study) -> Seen | str:
        try:
            pixels = decode(study.image)
        except StudyError as error:
            return str(error)
        return Seen(pixel_sha256(pixels), look(pixels), (pixels.shape[0], pixels.shape[1]))

    seen: dict[str, Seen] = {}
    bad: list[Unreadable] = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for done, (study, found) in enumerate(
            zip(cohort.studies, pool.map(one, cohort.studies), strict=True), start=1
        ):
            if isinstance(found, Seen):
                seen[study.study_id] = found
            else:
                bad.append(Unreadable(study.image, found))
            watch(done)
    return seen, tuple(bad)


def alike_of(seen: Mapping[str, Seen]) -> tuple[tuple[Kind, str, str], ...]:
    """List pairs of studies with the same or nearly the same picture."""
    ids = list(seen)
    near = near_identical_pairs([seen[name].look for name in ids])
    identical = {name: seen[name].sha256 for name in ids}
    return tuple(look_alikes(identical, [(ids[a], ids[b]) for a, b in near]))


def check(cohort: Cohort, watch: Callable[[int], None] = lambda _done: None) -> Checked:
    """Look at every image of a manifest.

    Args:
        cohort: Of the manifest.
        watch: Told how many images are done.

    Returns:
        Unreadable images, look-alikes, leaks between the parts it gives, and what else a run
        would stumble over.
    """
    seen, bad = pictures_of(cohort, watch)
    alike = alike_of(seen)
    given = {study.study_id: study.attributes.get("split", "") for study in cohort.studies}
    has_parts = set(given.values()) <= set(PARTS)
    told = [*_masks_told(cohort, seen), *_patients_told(cohort, alike)]
    if not has_parts and set(given.values()) != {""}:
        odd = Counter(part for part in given.values() if part not in PARTS)
        told.append(f"split: {dict(odd)}; one of {list(PARTS)} was expected in every row")
    leaks = find_leaks(cohort, given, alike) if has_parts else ()
    return Checked(cohort.with_unreadable(bad), alike, leaks, tuple(told))


def _masks_told(cohort: Cohort, seen: Mapping[str, Seen]) -> list[str]:
    """Tell masks that cannot be read, are empty, or are of another size than their image."""
    found: Counter[str] = Counter()
    for study in cohort.studies:
        if study.lung_mask is None or study.study_id not in seen:
            continue
        try:
            mask = decode(study.lung_mask)
        except StudyError as error:
            found[f"cannot be read: {error}"] += 1
            continue
        if not mask.any():
            found["empty"] += 1
        shape, own = seen[study.study_id].shape, (mask.shape[0], mask.shape[1])
        if own != shape:
            same = shape[0] * own[1] == shape[1] * own[0]
            what = "another size" if same else "ANOTHER SHAPE: do they belong together?"
            found[f"{own[0]} x {own[1]} for {shape[0]} x {shape[1]} pixels, {what}"] += 1
    return [f"lung masks of {count} images: {what}" for what, count in found.most_common()]


def _patients_told(cohort: Cohort, alike: tuple[tuple[Kind, str, str], ...]) -> list[str]:
    owner = {study.study_id: study for study in cohort.studies}
    pairs = [(owner[one], owner[other]) for _, one, other in alike]
    apart = sum(one.patient_id != other.patient_id for one, other in pairs)
    disputed = sum(one.label != other.label for one, other in pairs)
    told = []
    if apart:
        told.append(
            f"look-alikes under different patients: {apart} pairs; a split may part them"
        )
    if disputed:
        told.append(f"look-alikes with different labels: {disputed} pairs")
    if mixed := cohort.mixed_patients:
        told.append(f"patients with images of several classes: {len(mixed)}")
    if unknown := confidence_counts(cohort)["image_only"]:
        told.append(f"patients unknown: {unknown} images, each counted as one")
    return told
