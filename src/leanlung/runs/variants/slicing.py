"""Slicing: an archive of CT volumes or slices becomes labelled pictures, found again later."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field, model_validator

from leanlung.foundations import fingerprints
from leanlung.foundations.counts import Count
from leanlung.foundations.errors import LeanlungError, StudyError
from leanlung.foundations.files import write_json
from leanlung.foundations.shares import Share
from leanlung.foundations.within import file_of
from leanlung.pixels.clahe import Clahe
from leanlung.runs.records import read_record
from leanlung.slices import CutSpec, Rule, gather, write_slices
from leanlung.slices.gathering import LESION
from leanlung.slices.writing import LEFT_OUT, MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from leanlung.runs.progress import Progress
    from leanlung.runs.variants.films import FilmsSection
    from leanlung.studies.study import Cohort


class SlicesSection(BaseModel, extra="forbid", frozen=True):
    """How slices become pictures, as ``leanlung data slices`` does it.

    What is labelled follows from ``crop``: a whole slice for ``none`` and ``lungs``, a lung
    for ``left-right``, the front or the back of one for ``quadrants``.

    Attributes:
        crop: What of a slice becomes a picture.
        size: Height and width of a picture.
        window: Name, or ``level:width``; the archive's own if empty.
        classes: Of the source: only slices with these labels; all if empty.
        every: Only every so manieth slice of a patient, the first one first: neighbours are
            nearly the same picture. What is passed over is counted.
        margin: Around a box, as a share of its longer side.
        outside: What is in a box and no lung: ``keep`` or ``black``.
        clahe: How contrast is levelled before it is cropped; not if not given.
        infected_share: Of halves and quadrants: infected from this share of the lung on.
        clear_share: Of the same: clear up to this share; what lies between is left out.
        least_lung: Of the same: fewest pixels of lung in the slice.
        infected_pixels: Of whole slices: infected from so many pixels on.
    """

    crop: Literal["none", "lungs", "left-right", "quadrants"] = "lungs"
    size: Count = Field(256, ge=1)
    window: str = ""
    classes: tuple[str, ...] = ()
    every: Count = Field(1, ge=1)
    margin: Share = 0.05
    outside: Literal["keep", "black"] = "keep"
    clahe: Clahe | None = None
    infected_share: Share = 0.02
    clear_share: Share = 0.0
    least_lung: Count = Field(256, ge=1)
    infected_pixels: Count = Field(1, ge=1)

    @property
    def spec(self) -> CutSpec:
        """The same as the cutting takes it."""
        rule = Rule(
            self.infected_share, self.clear_share, self.least_lung, self.infected_pixels
        )
        return CutSpec(self.size, self.crop, self.margin, self.clahe, self.outside, rule)

    @model_validator(mode="after")
    def _can_be_cut(self) -> SlicesSection:
        try:
            _ = self.spec
        except LeanlungError as error:
            raise ValueError(str(error)) from error
        return self


def cut_archives(
    sections: Iterable[FilmsSection], data: Path, out: Path, progress: Progress
) -> tuple[tuple[FilmsSection, ...], dict[str, dict[str, Any]]]:
    """Cut the slices of all archives that ask for it.

    Args:
        sections: Archives that are there.
        data: What ``--data`` gave.
        out: Where the pictures are kept, below ``cache``, under a hash of their content.
        progress: Told what is going on.

    Returns:
        The archives, those with slices now pointing at the pictures; and what was cut and what
        was left out, by the archive's name.

    Raises:
        StudyError: If an archive cannot be read, or nothing of it is left.
    """
    found, told = [], {}
    for section in sections:
        if section.slices is None:
            found.append(section)
            continue
        try:
            manifest, told[section.name] = _cut(section, section.slices, data, out, progress)
        except LeanlungError as error:
            msg = f"archive {section.name}: {error}"
            raise StudyError(msg) from error
        place = {"path": str(manifest.absolute()), "layout": "manifest", "slices": None}
        found.append(section.model_copy(update=place))
    return tuple(found), told


def _cut(
    section: FilmsSection, slices: SlicesSection, data: Path, out: Path, progress: Progress
) -> tuple[Path, dict[str, Any]]:
    cohort, notes = gather(data / section.path, window=slices.window, classes=slices.classes)
    whole = len(cohort.studies)
    cohort = _thinned(cohort, slices.every)
    name = f"{section.name}-{_content(cohort, slices, data)[:8]}"
    folder = out / "cache" / "slices" / name
    record = folder.with_name(f"{name}.json")
    if not (record.is_file() and (folder / MANIFEST).is_file()):
        # The record is written last; whatever there is without it is begun anew.
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with progress.task(f"slices of {section.name}", len(cohort.studies)) as done:
            written = write_slices(cohort, folder, slices.spec, done)
        counts = {k: v for k, v in written.as_dict().items() if k not in _PLACES}
        passed = whole - len(cohort.studies)
        told = {
            **counts,
            "slices": len(cohort.studies),
            "passed_over": passed,
            "notes": list(notes),
        }
        write_json(record, {**told, "cut": slices.model_dump(mode="json")})
    return folder / MANIFEST, {
        **read_record(record),
        "left_out_list": (folder / LEFT_OUT).relative_to(out).as_posix(),
    }


def _thinned(cohort: Cohort, every: int) -> Cohort:
    """Keep every so manieth slice of each patient, in the cohort's order."""
    if every == 1:
        return cohort
    seen: Counter[str] = Counter()
    kept = []
    for study in cohort.studies:
        if seen[study.patient_id] % every == 0:
            kept.append(study)
        seen[study.patient_id] += 1
    return replace(cohort, studies=tuple(kept))


_PLACES = ("manifest", "left_out_list")


def _content(cohort: Cohort, slices: SlicesSection, data: Path) -> str:
    """Give the fingerprint of everything that decides the pictures."""
    files: dict[str, str] = {}

    def known(place: Path | str | None) -> str:
        if place is None:
            return ""
        path = data / place
        file = file_of(path)
        whole = str(file)
        if whole not in files:
            files[whole] = fingerprints.of_file(file) if file.is_file() else "not there"
        return f"{files[whole]}{str(path)[len(whole) :]}"

    rows = [
        [
            one.study_id,
            one.patient_id,
            one.label,
            known(one.image),
            known(one.lung_mask),
            known(one.attributes.get(LESION)),
            {k: v for k, v in sorted(one.attributes.items()) if k != LESION},
        ]
        for one in cohort.studies
    ]
    return fingerprints.of_value([slices.model_dump(mode="json"), rows])
